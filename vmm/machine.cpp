#include "vmm/machine.hpp"

#include <chrono>

#include "runtime/finally.hpp"
#include "runtime/log.hpp"
#include "runtime/timer.hpp"

namespace vmm {
namespace {

using namespace std::chrono_literals;

/// How long the streams of a guest that was stopped, rather than ended, may take over its last
/// words.
constexpr auto stopped_drain_time = 200ms;

Ending ending_of(platform::SystemEvent::Kind kind) {
  switch (kind) {
    case platform::SystemEvent::Kind::PowerOff:
      return Ending::PowerOff;
    case platform::SystemEvent::Kind::Reset:
      return Ending::Reset;
    case platform::SystemEvent::Kind::WarmReset:  // the default command line makes panics warm
    case platform::SystemEvent::Kind::Crash:
      break;
  }
  return Ending::Crash;
}

}  // namespace

Machine::Machine(const MakeBoard& make_board, const Surroundings& surroundings)
    : timeline_{surroundings.timeline},
      ended_{surroundings.executor},
      parked_{surroundings.executor},
      board_{make_board({.backends = surroundings.backends,
                         .power = *this,
                         .timeline = surroundings.timeline,
                         .executor = surroundings.executor})},
      vcpu_threads_{*this} {}

void Machine::handle(platform::VmExit& exit) {
  if (board_->carry_out(exit)) return;
  if (const auto* event = std::get_if<platform::SystemEvent>(&exit)) {
    end(ending_of(event->kind));
  } else if (const auto* unrunnable = std::get_if<platform::Unrunnable>(&exit)) {
    if (end(Ending::Crash)) {
      runtime::log::warning("the guest cannot go on: {} ({:#x})", unrunnable->reason,
                            unrunnable->detail);
    }
  } else if (const auto ending = board_->ending(exit)) {
    end(*ending);
  }
}

void Machine::failed(std::exception_ptr failure) {
  {
    const std::lock_guard lock{ending_mutex_};
    if (ending_) return;  // what befalls a vCPU that is being stopped changes nothing
    failure_ = failure;
  }
  stop();
}

bool Machine::end(Ending ending) {
  // Before anything else: the caller's own vCPU must not enter the guest again, first or not.
  vcpu_threads_.request_stop();
  {
    const std::lock_guard lock{ending_mutex_};
    if (ending_) return false;
    ending_ = ending;
  }
  timeline_.mark(BootEvent::GuestEnd);
  ended_.notify();
  return true;
}

void Machine::stop() {
  stop_requested_ = true;
  (void)end(Ending::Stopped);
  ended_.notify();
}

// The Loop goes on meanwhile: a vCPU in the middle of an exit may be waiting for a device's task.
runtime::Task<> Machine::pause() {
  vcpu_threads_.request_pause();
  while (!vcpu_threads_.all_parked()) co_await parked_.wait();
}

bool Machine::has_ended() {
  const std::lock_guard lock{ending_mutex_};
  return ending_.has_value();
}

runtime::Task<Ending> Machine::run() {
  co_await runtime::with_scope([this](runtime::Scope& tasks) { return run_with(tasks); });
  if (failure_) std::rethrow_exception(failure_);
  co_return ending_.value_or(Ending::Stopped);
}

runtime::Task<> Machine::run_with(runtime::Scope& device_tasks) {
  const runtime::Finally stopped{[this] {
    stop_vcpus();
    close_timeline();
  }};
  board_->run(device_tasks);
  vcpu_threads_.start(board_->vcpus(), timeline_);
  while (!has_ended()) co_await ended_.wait();
  stop_vcpus();
  co_await runtime::with_scope([this](runtime::Scope& tasks) { return drain(tasks); });
  device_tasks.request_stop();
}

/// Joins the threads on the Loop's own, so none of them may be waiting for a task.
void Machine::stop_vcpus() {
  vcpu_threads_.request_stop();
  board_->release_vcpus();
  vcpu_threads_.stop();
}

runtime::Task<> Machine::drain(runtime::Scope& tasks) {
  tasks.spawn(cut_drain_short(tasks));
  co_await board_->drain();
  tasks.request_stop();
}

runtime::Task<> Machine::cut_drain_short(runtime::Scope& tasks) {
  while (!stop_requested_) co_await ended_.wait();
  co_await runtime::sleep_for(stopped_drain_time);
  tasks.request_stop();
}

void Machine::close_timeline() {
  timeline_.add(vcpu_threads_.exits());
  timeline_.add_console_bytes(board_->console_bytes());
  if (const auto at = board_->first_console_byte_at())
    timeline_.mark(BootEvent::FirstConsoleByte, *at);
}

}  // namespace vmm
