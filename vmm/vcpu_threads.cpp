#include "vmm/vcpu_threads.hpp"

#include <pthread.h>
#include <signal.h>

#include <system_error>

#include "runtime/error.hpp"

namespace vmm {
namespace {

/// Signals sent to the process are the main loop's business: a vCPU thread takes none but its kick.
void leave_signals_to_others() {
  sigset_t others;
  ::sigemptyset(&others);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGPIPE, SIGCHLD}) {
    ::sigaddset(&others, signal);
  }
  ::pthread_sigmask(SIG_BLOCK, &others, nullptr);
}

}  // namespace

void VcpuThreads::start(std::span<const std::unique_ptr<platform::Vcpu>> vcpus,
                        Timeline& timeline) {
  vcpus_ = vcpus;
  threads_.reserve(vcpus_.size());
  for (const auto& vcpu : vcpus_) {
    try {
      threads_.emplace_back([this, &vcpu, &timeline] { run(*vcpu, timeline); });
    } catch (const std::system_error& error) {
      throw runtime::HostError{error.code().value(), "start the thread of vCPU {}",
                               threads_.size()};
    }
  }
}

void VcpuThreads::run(platform::Vcpu& vcpu, Timeline& timeline) {
  leave_signals_to_others();
  ExitCounts exits{};
  timeline.mark(BootEvent::FirstRun);
  try {
    run_guest(vcpu, exits);
  } catch (...) {
    handler_.failed(std::current_exception());
  }
  const std::lock_guard lock{mutex_};
  for (std::size_t i = 0; i < exits.size(); ++i) exits_[i] += exits[i];
  ++ended_;
  changed_.notify_all();
  if (pause_awaited_) handler_.parked();
}

void VcpuThreads::run_guest(platform::Vcpu& vcpu, ExitCounts& exits) {
  if (!may_run()) return;
  for (platform::VmExit& exit : vcpu.run()) {
    ++exits[exit.index()];
    handler_.handle(exit);
    if (const auto* write = std::get_if<platform::PortWrite>(&exit); write && write->late) continue;
    if (wanted_.load(std::memory_order_acquire) != Wanted::Run && !may_run()) return;
  }
}

bool VcpuThreads::may_run() {
  std::unique_lock lock{mutex_};
  ++parked_;
  changed_.notify_all();
  if (pause_awaited_) handler_.parked();
  changed_.wait(lock, [this] { return wanted_ != Wanted::Pause; });
  --parked_;
  return wanted_ == Wanted::Run;
}

void VcpuThreads::want(Wanted wanted) {
  const std::lock_guard lock{mutex_};
  if (wanted_ == Wanted::Stop) return;
  wanted_ = wanted;
  changed_.notify_all();
}

void VcpuThreads::kick_all() {
  for (const auto& vcpu : vcpus_) vcpu->kick();
}

void VcpuThreads::request_pause() {
  {
    const std::lock_guard lock{mutex_};
    pause_awaited_ = true;
  }
  want(Wanted::Pause);
  kick_all();
}

bool VcpuThreads::all_parked() {
  const std::lock_guard lock{mutex_};
  return parked_ + ended_ >= threads_.size();  // none are left behind stop()
}

void VcpuThreads::pause() {
  request_pause();
  std::unique_lock lock{mutex_};
  changed_.wait(lock, [this] { return parked_ + ended_ == threads_.size(); });
}

void VcpuThreads::resume() {
  want(Wanted::Run);
}

void VcpuThreads::request_stop() {
  want(Wanted::Stop);
  kick_all();
}

void VcpuThreads::stop() {
  request_stop();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

}  // namespace vmm
