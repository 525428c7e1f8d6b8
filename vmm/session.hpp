// One run of the program: a machine, built again after a reset or crash if so told, and who may
// stop it.
#pragma once

#include <csignal>
#include <optional>

#include "runtime/local_event.hpp"
#include "runtime/log.hpp"
#include "runtime/scope.hpp"
#include "runtime/signals.hpp"
#include "runtime/task.hpp"
#include "vmm/disk_images.hpp"
#include "vmm/machine.hpp"
#include "vmm/network_links.hpp"
#include "vmm/options.hpp"
#include "vmm/serial_backends.hpp"

namespace vmm {

class Session {
 public:
  /// `make_board` is asked for a fresh board at each (re)start. Throws BadInput for serial
  /// backends, disk images and network links.
  Session(const Options& options, MakeBoard make_board, Timeline& timeline,
          runtime::Executor executor);

  /// Runs to the end; the exit status is then known.
  runtime::Task<> run();
  [[nodiscard]] int exit_status() const { return exit_status_; }

 private:
  enum class Next : std::uint8_t { Exit, Halt, Restart };

  runtime::Task<> run_with(runtime::Scope& helpers);
  runtime::Task<Next> run_machine();
  [[nodiscard]] Next after(Ending ending);
  runtime::Task<> watch_signals(runtime::Scope& all);
  runtime::Task<> watch_quit();
  /// Tells the guest when this terminal's window changes.
  runtime::Task<> watch_window();
  runtime::Task<> stop_gently();

  const Options& options_;
  const MakeBoard make_board_;
  Timeline& timeline_;
  const runtime::Executor executor_;
  runtime::Signals signals_;
  runtime::LocalEvent quit_;
  runtime::LocalEvent stop_halting_;
  SerialBackends serial_;
  DiskImages disks_;
  NetworkLinks networks_;
  std::optional<Machine> machine_;
  runtime::log::RateLimit crash_lines_;
  bool stopping_ = false;
  int exit_status_ = 0;
};

}  // namespace vmm
