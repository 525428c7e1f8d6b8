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
  /// (One that answers in place is stopped.)
  void run(devices::virtio::Device& device, runtime::Task<> script) {
    device_ = &device;
    loop.run(serve_beside(std::move(script)));
  }

  /// Lends a chain and waits for it; its id.
  runtime::Task<std::uint16_t> ask(FakeDriver::Chain& chain) {
    const std::uint16_t id = chain.available();
    ring();
    for (;;) {
      const FakeDriver::Used used = co_await next_used();
      last_written_bytes = used.written_bytes;
      if (used.id == id) co_return id;
    }
  }

  /// Waits for a chain to come back.
  runtime::Task<FakeDriver::Used> next_used() {
    for (;;) {
      if (const auto used = driver.take_used()) co_return *used;
      co_await runtime::yield();
    }
  }

  /// As a transport does.
  void ring() {
    if (device_->answers_in_place(queue.index())) {
      device_->notified(queue.index());
    } else {
      doorbell.notify();
    }
  }

  void used(std::uint16_t) noexcept override { ++interrupts; }
  void broken(std::uint16_t) noexcept override { is_broken = true; }

 private:
  runtime::Task<> serve_beside(runtime::Task<> script) {
    runtime::Scope scope{co_await runtime::this_executor};
    scope.spawn(device_->serve(queue));
    co_await std::move(script);
    queue.close();
    // One that answers in place does not look at its queue by itself.
    if (device_->answers_in_place(queue.index())) scope.request_stop();
    co_await scope.join();
  }

  RingBench bench_;
  devices::virtio::Device* device_ = nullptr;

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
