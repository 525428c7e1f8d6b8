// One virtual machine: memory, processors and devices, wired together and run.
//
// Threads: everything here on one Loop's thread, except what a vCPU asks for (ExitHandler,
//          PowerControl), which arrives on vCPU threads. Any number of Machines share a Loop.
#pragma once

#include <atomic>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "devices/system/power_control.hpp"
#include "runtime/event.hpp"
#include "runtime/scope.hpp"
#include "runtime/task.hpp"
#include "vmm/board.hpp"
#include "vmm/timeline.hpp"
#include "vmm/vcpu_threads.hpp"

namespace vmm {

/// Makes the board once the machine that will own it knows its wiring.
using MakeBoard = std::function<std::unique_ptr<Board>(const Board::Wiring& wiring)>;

class Machine final : private devices::PowerControl, private ExitHandler {
 public:
  /// What a machine stands on; all of it outlives the machine.
  struct Surroundings {
    const Backends& backends;
    Timeline& timeline;
    runtime::Executor executor;
  };

  /// Builds everything up to the first instruction. Throws what `make_board` throws.
  Machine(const MakeBoard& make_board, const Surroundings& surroundings);

  /// Runs the guest until it ends or stop() is called, and returns when all it sent has reached its
  /// streams (after stop(): or when they have had their time for it). Once.
  /// Throws HostError when the host failed a vCPU or a device.
  runtime::Task<Ending> run();

  /// Asks the guest to shut down; it may take no notice.
  void press_power_button() { board_->press_power_button(); }
  void resize_console(devices::virtio::ConsoleSize size) { board_->resize_console(size); }
  /// Ends run() soon, whatever the guest or a stream's reader is doing. From any thread.
  void stop();

  /// While run() runs, once pause() has returned and until resume(), the guest makes no progress.
  runtime::Task<> pause();
  void resume() { vcpu_threads_.resume(); }

 private:
  void power_off() override { (void)end(Ending::PowerOff); }
  void reset() override { (void)end(Ending::Reset); }
  void handle(platform::VmExit& exit) override;
  void failed(std::exception_ptr failure) override;
  void parked() noexcept override { parked_.notify(); }

  /// The first reason counts; whether this was it.
  bool end(Ending ending);
  [[nodiscard]] bool has_ended();
  runtime::Task<> run_with(runtime::Scope& device_tasks);
  runtime::Task<> drain(runtime::Scope& tasks);
  runtime::Task<> cut_drain_short(runtime::Scope& tasks);
  void stop_vcpus();
  void close_timeline();

  // In order of dependence: what is destroyed last comes first.
  Timeline& timeline_;
  runtime::Event ended_;
  runtime::Event parked_;
  std::mutex ending_mutex_;
  std::optional<Ending> ending_;
  std::exception_ptr failure_;
  std::atomic<bool> stop_requested_ = false;
  const std::unique_ptr<Board> board_;
  VcpuThreads vcpu_threads_;
};

}  // namespace vmm
