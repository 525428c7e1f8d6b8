#include "vmm/output_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "runtime/error.hpp"
#include "vmm/boot_files.hpp"

namespace vmm {
namespace {

runtime::UniqueFd open_for_writing(const char* option, const std::string& path) {
  constexpr mode_t everyone_as_umask_allows = 0666;
  try {
    return runtime::UniqueFd{runtime::check(
        path == "-" ? ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0)
                    : ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY,
                             everyone_as_umask_allows),
        "create '{}'", path)};
  } catch (const runtime::HostError& error) {
    throw BadInput{fmt::format("{}: {}", option, error.what())};
  }
}

}  // namespace

void write_text(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t size = runtime::check(
        runtime::retry_interrupted([&] { return ::write(descriptor, text.data(), text.size()); }),
        "write {} bytes", text.size());
    text.remove_prefix(static_cast<std::size_t>(size));
  }
}

OutputFile::OutputFile(const char* option, const std::string& path)
    : file_{open_for_writing(option, path)} {}

void OutputFile::write(std::string_view text) {
  write_text(file_.get(), text);
}

Pidfile::Pidfile(std::string path) : path_{std::move(path)} {
  OutputFile{"--pidfile", path_}.write(fmt::format("{}\n", ::getpid()));
}

Pidfile::~Pidfile() {
  (void)::unlink(path_.c_str());
}

}  // namespace vmm
