// A processor that executes nothing: it stops for a script of exits.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <vector>

#include "platform/vcpu.hpp"

/// One exit of a script. Reads leave what they were answered in `buffer`.
struct ScriptedExit {
  std::function<platform::VmExit(std::vector<std::byte>& buffer)> make;
  std::vector<std::byte> buffer = {};
};

inline ScriptedExit write_port(std::uint16_t port, std::vector<std::uint8_t> bytes,
                               std::uint8_t width_bytes = 1) {
  return {[=](std::vector<std::byte>& buffer) -> platform::VmExit {
    buffer.clear();
    for (const std::uint8_t byte : bytes) buffer.push_back(std::byte{byte});
    return platform::PortWrite{{port}, width_bytes, buffer};
  }};
}

inline ScriptedExit read_port(std::uint16_t port, std::size_t size_bytes,
                              std::uint8_t width_bytes = 1) {
  return {[=](std::vector<std::byte>& buffer) -> platform::VmExit {
    buffer.assign(size_bytes, std::byte{0});
    return platform::PortRead{{port}, width_bytes, buffer};
  }};
}

inline ScriptedExit write_mmio(std::uint64_t address, std::vector<std::uint8_t> bytes) {
  return {[=](std::vector<std::byte>& buffer) -> platform::VmExit {
    buffer.clear();
    for (const std::uint8_t byte : bytes) buffer.push_back(std::byte{byte});
    return platform::MmioWrite{{address}, buffer};
  }};
}

inline ScriptedExit read_mmio(std::uint64_t address, std::size_t size_bytes) {
  return {[=](std::vector<std::byte>& buffer) -> platform::VmExit {
    buffer.assign(size_bytes, std::byte{0});
    return platform::MmioRead{{address}, buffer};
  }};
}

inline ScriptedExit exit_with(platform::VmExit exit) {
  return {[=](std::vector<std::byte>&) { return exit; }};
}

/// Goes through its script, then waits in the "guest" until kicked.
class ScriptedVcpu final : public platform::Vcpu {
 public:
  using Failure = std::function<void()>;

  ScriptedVcpu(std::vector<ScriptedExit>& script, Failure at_end, std::atomic<std::uint64_t>& steps)
      : script_{script}, at_end_{std::move(at_end)}, steps_{steps} {}

  runtime::Generator<platform::VmExit&> run() override {
    for (ScriptedExit& scripted : script_) {
      platform::VmExit exit = scripted.make(scripted.buffer);
      co_yield exit;
      ++steps_;
    }
    if (at_end_) at_end_();
    for (;;) {
      wait_for_kick();
      platform::VmExit kicked = platform::Kicked{};
      co_yield kicked;
      ++steps_;
    }
  }

  void kick() noexcept override {
    const std::lock_guard lock{mutex_};
    kicked_ = true;
    changed_.notify_all();
  }

 private:
  void wait_for_kick() {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [this] { return kicked_; });
    kicked_ = false;
  }

  std::vector<ScriptedExit>& script_;
  Failure at_end_;
  std::atomic<std::uint64_t>& steps_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool kicked_ = false;
};
