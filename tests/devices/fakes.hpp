// Stand-ins for what a device is wired to.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <utility>
#include <vector>

#include "devices/bus_device.hpp"
#include "devices/system/power_control.hpp"
#include "platform/interrupts.hpp"
#include "runtime/event.hpp"

/// An interrupt controller with one pin, and a wire to it.
class FakeInterrupt final : public platform::InterruptController {
 public:
  void set_level(platform::Gsi, bool asserted) noexcept override {
    if (asserted && !asserted_) ++edges_;
    asserted_ = asserted;
    if (raised_ != nullptr && asserted) raised_->notify();
  }

  void send(const platform::Message&, std::uint32_t) noexcept override {}

  /// Has `raised` notified of every rising edge from now on.
  void tell(runtime::Event& raised) { raised_ = &raised; }

  platform::InterruptLine line() { return platform::InterruptLine{pin_}; }
  bool asserted() const { return asserted_; }
  int edges() const { return edges_; }

 private:
  platform::InterruptPin pin_{*this, platform::Gsi{4}};
  std::atomic<bool> asserted_ = false;
  std::atomic<int> edges_ = 0;
  runtime::Event* raised_ = nullptr;
};

/// An interrupt controller that remembers what its pins did, and wires to as many as are asked for.
class FakePins final : public platform::InterruptController {
 public:
  using Changes = std::vector<std::pair<std::uint32_t, bool>>;

  void set_level(platform::Gsi pin, bool asserted) noexcept override {
    changes.emplace_back(pin.value, asserted);
  }

  void send(const platform::Message&, std::uint32_t) noexcept override {}

  /// One to `first` and to each pin behind it.
  std::vector<platform::InterruptLine> lines(platform::Gsi first, std::uint32_t count) {
    std::vector<platform::InterruptLine> made;
    for (std::uint32_t i = 0; i < count; ++i) {
      made.emplace_back(pins_.emplace_back(*this, platform::Gsi{first.value + i}));
    }
    return made;
  }

  Changes changes;

 private:
  std::deque<platform::InterruptPin> pins_;
};

class FakePower final : public devices::PowerControl {
 public:
  void power_off() override { ++power_offs; }
  void reset() override { ++resets; }

  int power_offs = 0;
  int resets = 0;
};

/// What a vCPU does with a device: little-endian accesses of 1, 2, 4 or 8 bytes.
template <typename T = std::uint8_t>
T read_from(devices::BusDevice& device, std::uint64_t offset) {
  T value{};
  device.read(offset, std::as_writable_bytes(std::span{&value, 1}));
  return value;
}

template <typename T>
void write_to(devices::BusDevice& device, std::uint64_t offset, T value) {
  device.write(offset, std::as_bytes(std::span{&value, 1}));
}
