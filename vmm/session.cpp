#include "vmm/session.hpp"

#include <chrono>

#include "runtime/log.hpp"
#include "runtime/timer.hpp"
#include "vmm/exit_status.hpp"

namespace vmm {
namespace {

using namespace std::chrono_literals;
using runtime::Task;

/// What a guest gets between the power button and the plug. Together with the time its last
/// output may take (Machine) this stays well below a second.
constexpr auto power_button_grace = 500ms;

/// A guest that crashes as soon as it starts, under --on-crash restart, must not keep a processor
/// busy and the log full.
constexpr auto short_life = 1s;
constexpr auto crash_pause = 200ms;

/// Under nohup a hang-up is nobody's business; otherwise it ends us like SIGTERM.
int hang_up_unless_ignored() {
  struct sigaction current {};
  const bool ignored = ::sigaction(SIGHUP, nullptr, &current) == 0 && current.sa_handler == SIG_IGN;
  return ignored ? SIGTERM : SIGHUP;
}

}  // namespace

Session::Session(const Options& options, MakeBoard make_board, Timeline& timeline,
                 runtime::Executor executor)
    : options_{options},
      make_board_{std::move(make_board)},
      timeline_{timeline},
      executor_{executor},
      signals_{executor, {SIGINT, SIGTERM, hang_up_unless_ignored()}},
      quit_{executor},
      stop_halting_{executor},
      serial_{options.machine, executor, quit_},
      disks_{options.machine.disks, executor},
      networks_{options.machine.networks, executor} {}

Task<> Session::run() {
  return runtime::with_scope([this](runtime::Scope& helpers) { return run_with(helpers); });
}

Task<> Session::run_with(runtime::Scope& helpers) {
  helpers.spawn(watch_signals(helpers));
  helpers.spawn(watch_quit());
  if (serial_.backends().console_size) helpers.spawn(watch_window());
  serial_.run(helpers);
  for (;;) {
    const auto started = runtime::Clock::now();
    const Next next = co_await run_machine();
    if (next == Next::Halt) co_await stop_halting_.wait();
    if (next != Next::Restart) break;
    const bool crashed = exit_status_ == exit_status::guest_crashed;
    if (crashed && runtime::Clock::now() - started < short_life)
      co_await runtime::sleep_for(crash_pause);
    if (stopping_) break;
  }
  helpers.request_stop();
}

Task<Session::Next> Session::run_machine() {
  Backends backends = serial_.backends();
  backends.disks = disks_.disks();
  backends.networks = networks_.setups();
  machine_.emplace(make_board_, Machine::Surroundings{backends, timeline_, executor_});
  networks_.wait_until_ready();
  serial_.begin();
  const Ending ending = co_await machine_->run();
  machine_.reset();
  co_return after(ending);
}

Session::Next Session::after(Ending ending) {
  if (stopping_) return Next::Exit;
  exit_status_ = ending == Ending::Crash ? exit_status::guest_crashed : exit_status::guest_ended;
  switch (ending) {
    case Ending::PowerOff:
      return options_.power.on_shutdown == OnShutdown::Halt ? Next::Halt : Next::Exit;
    case Ending::Reset:
      return options_.power.on_reset == OnReset::Restart ? Next::Restart : Next::Exit;
    case Ending::Crash:
      runtime::log::guest(crash_lines_, "the guest crashed");
      if (options_.power.on_crash == OnCrash::Halt) return Next::Halt;
      return options_.power.on_crash == OnCrash::Restart ? Next::Restart : Next::Exit;
    case Ending::Stopped:
      break;
  }
  return Next::Exit;
}

Task<> Session::watch_signals(runtime::Scope& all) {
  const int first = co_await signals_.next();
  stopping_ = true;
  exit_status_ = exit_status::stopped_by_signal + first;
  all.spawn(stop_gently());
  (void)co_await signals_.next();
  all.request_stop();
}

Task<> Session::stop_gently() {
  stop_halting_.notify();
  if (!machine_) co_return;
  machine_->press_power_button();
  co_await runtime::sleep_for(power_button_grace);
  if (machine_) machine_->stop();
}

Task<> Session::watch_window() {
  runtime::Signals changes{executor_, {SIGWINCH}};
  for (;;) {
    (void)co_await changes.next();
    if (const auto size = serial_.backends().console_size; size && machine_) {
      machine_->resize_console(*size);
    }
  }
}

Task<> Session::watch_quit() {
  co_await quit_.wait();
  stopping_ = true;
  stop_halting_.notify();
  if (machine_) machine_->stop();
}

}  // namespace vmm
