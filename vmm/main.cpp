// mayfly: parse, build, run; one line on failure.
#include <fcntl.h>
#include <malloc.h>
#include <unistd.h>

#include <exception>
#include <memory>
#include <optional>
#include <span>

#include "loader/image.hpp"
#include "platform/kvm/system.hpp"
#include "runtime/error.hpp"
#include "runtime/log.hpp"
#include "runtime/loop.hpp"
#include "vmm/boot_files.hpp"
#include "vmm/dry_run.hpp"
#include "vmm/exit_status.hpp"
#include "vmm/kvm_board.hpp"
#include "vmm/options.hpp"
#include "vmm/output_file.hpp"
#include "vmm/session.hpp"
#include "vmm/timeline.hpp"

namespace {

using namespace vmm;

/// A closed standard descriptor would be the next file's number: the kernel's bytes would be typed
/// into the guest, log lines written into the timeline.
void open_missing_standard_descriptors() {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(descriptor, F_GETFD) < 0) (void)::open("/dev/null", O_RDWR);
  }
}

int run_session(const Options& options, const BootFiles& files, Timeline& timeline) {
  const platform::kvm::System kvm;
  const auto make_board = [&](const Board::Wiring& wiring) {
    return make_kvm_board(kvm, options.machine, files, wiring);
  };
  runtime::Loop loop;
  Session session{options, make_board, timeline, loop.executor()};
  loop.run(session.run());
  return session.exit_status();
}

/// Writes what was asked for, the table even if the file fails.
void report(const Options& options, const Timeline& timeline, std::optional<OutputFile>& file) {
  if (options.explain_boot) write_text(STDERR_FILENO, timeline.table());
  if (file) file->write(timeline.json_lines());
}

int run(const Options& options, Timeline& timeline) {
  runtime::log::set_level(options.log_level);
  const BootFiles files{options.machine};
  if (options.dry_run) {
    write_text(STDOUT_FILENO, describe_machine(options.machine, files));
    return exit_status::guest_ended;
  }
  std::optional<OutputFile> timeline_file;
  if (options.timeline_path) timeline_file.emplace("--timeline", *options.timeline_path);
  std::optional<Pidfile> pidfile;
  if (options.pidfile_path) pidfile.emplace(*options.pidfile_path);
  timeline.mark(BootEvent::OptionsRead);
  try {
    const int status = run_session(options, files, timeline);
    timeline.mark(BootEvent::Exit);
    report(options, timeline, timeline_file);
    return status;
  } catch (const runtime::HostError&) {
    // How far it came is worth knowing, all the more now. (Bad input never came anywhere.)
    report(options, timeline, timeline_file);
    throw;
  }
}

int parse_and_run(std::span<const char* const> arguments, Timeline& timeline) {
  const auto parsed = parse_options(arguments);
  if (const auto* answer = std::get_if<Answer>(&parsed)) {
    write_text(STDOUT_FILENO, answer->text);
    return exit_status::guest_ended;
  }
  return run(std::get<Options>(parsed), timeline);
}

int fail(int status, const std::exception& error) {
  runtime::log::error("{}", error.what());
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  // vCPU threads allocate next to nothing. An arena of its own costs each of them five calls of the
  // kernel before it enters the guest, and 128 MiB of address space.
  (void)::mallopt(M_ARENA_MAX, 1);
  Timeline timeline;
  timeline.mark(BootEvent::ProcessStart);
  open_missing_standard_descriptors();
  try {
    return parse_and_run(std::span{argv, static_cast<std::size_t>(argc)}.subspan(argc > 0 ? 1 : 0),
                         timeline);
  } catch (const BadUsage& error) {
    return fail(exit_status::bad_usage, error);
  } catch (const BadInput& error) {
    return fail(exit_status::bad_input, error);
  } catch (const loader::LoadError& error) {
    return fail(exit_status::bad_input, error);
  } catch (const std::exception& error) {
    return fail(exit_status::host_failure, error);
  }
}
