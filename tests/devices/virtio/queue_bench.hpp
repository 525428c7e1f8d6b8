// One queue of a device, with a driver at its other side and no transport between them.
#pragma once

#include "devices/virtio/device.hpp"
#include "runtime/scope.hpp"
#include "runtime/timer.hpp"
#include "tests/devices/virtio/ring_bench.hpp"
#include "tests/support/test_loop.hpp"

class QueueBench : public devices::virtio::QueueEvents {
 public:
  using Features = devices::virtio::Features;

  explicit QueueBench(Features agreed = RingBench::all_formats()[0], std::uint16_t index = 0)
      : bench_{agreed}, queue{index, bench_.ring, agreed, doorbell, *this} {}

  /// Plays the script while the device serves the queue; then closes it and waits for the device.
  void run(devices::virtio::Device& device, runtime::Task<> script) {
    loop.run(runtime::all(device.serve(queue), close_after(std::move(script))));
  }

  /// Lends a chain and waits for it; its id.
  runtime::Task<std::uint16_t> ask(FakeDriver::Chain& chain) {
    const std::uint16_t id = chain.available();
    doorbell.notify();
    for (;;) {
      if (const auto used = driver.take_used()) {
        last_written_bytes = used->written_bytes;
        if (used->id == id) co_return id;
      }
      co_await runtime::yield();
    }
  }

  void used(std::uint16_t) noexcept override { ++interrupts; }
  void broken(std::uint16_t) noexcept override { is_broken = true; }

 private:
  runtime::Task<> close_after(runtime::Task<> script) {
    co_await std::move(script);
    queue.close();
  }

  RingBench bench_;

 public:
  TestLoop loop;
  runtime::Event doorbell{loop.executor()};
  FakeDriver& driver = bench_.driver;
  platform::GuestMemory& memory = bench_.memory;
  devices::virtio::Queue queue;
  std::uint32_t last_written_bytes = 0;
  int interrupts = 0;
  bool is_broken = false;
};
