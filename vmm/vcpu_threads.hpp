// The threads that run a machine's vCPUs: started, paused, resumed and stopped together.
//
// Threads: start, pause, resume and stop from one thread; request_stop and interrupt from any.
#pragma once

#include <atomic>
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "platform/vcpu.hpp"
#include "vmm/timeline.hpp"

namespace vmm {

/// Who carries out what a vCPU stopped for. Called on vCPU threads, several at once.
class ExitHandler {
 public:
  virtual ~ExitHandler() = default;
  /// Fills in what the exit asks for.
  virtual void handle(platform::VmExit& exit) = 0;
  /// A vCPU's thread has failed and ends: the host's doing.
  virtual void failed(std::exception_ptr failure) = 0;
  /// A vCPU's thread has parked for a pause, or ended.
  virtual void parked() noexcept {}
};

class VcpuThreads {
 public:
  explicit VcpuThreads(ExitHandler& handler) : handler_{handler} {}
  ~VcpuThreads() { stop(); }
  VcpuThreads(const VcpuThreads&) = delete;
  VcpuThreads& operator=(const VcpuThreads&) = delete;

  /// Makes a thread for each vCPU and lets the guest run. Once.
  void start(std::span<const std::unique_ptr<platform::Vcpu>> vcpus, Timeline& timeline);
  /// Every vCPU parks once it has finished the exit it is handling; does not wait.
  void request_pause();
  /// Whether no vCPU is in the guest or handling an exit.
  [[nodiscard]] bool all_parked();
  /// Returns when all have parked. Not on a Loop's thread that a device may make a vCPU wait for.
  void pause();
  void resume();
  /// No vCPU enters the guest again once it has finished the exit it is handling; does not wait.
  void request_stop();
  /// request_stop, and waits for the threads to end. Again is harmless.
  void stop();

  /// What the vCPUs stopped for; after stop().
  [[nodiscard]] const ExitCounts& exits() const { return exits_; }

 private:
  enum class Wanted : std::uint8_t { Run, Pause, Stop };

  void run(platform::Vcpu& vcpu, Timeline& timeline);
  /// Goes round the guest until told to stop.
  void run_guest(platform::Vcpu& vcpu, ExitCounts& exits);
  /// Waits while paused; false when it is time to stop.
  [[nodiscard]] bool may_run();
  void want(Wanted wanted);
  void kick_all();

  ExitHandler& handler_;
  std::span<const std::unique_ptr<platform::Vcpu>> vcpus_;
  std::vector<std::thread> threads_;
  std::atomic<Wanted> wanted_ = Wanted::Run;  // written with the mutex held
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t parked_ = 0;
  std::size_t ended_ = 0;
  bool pause_awaited_ = false;  // somebody listens to ExitHandler::parked
  ExitCounts exits_{};
};

}  // namespace vmm
