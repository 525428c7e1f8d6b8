// A ring with a driver at its other side.
#pragma once

#include <array>
#include <vector>

#include "platform/guest_memory.hpp"
#include "runtime/units.hpp"
#include "tests/support/fake_driver.hpp"

struct RingBench {
  using Feature = devices::virtio::Feature;
  using Features = devices::virtio::Features;

  static constexpr std::uint64_t memory_bytes = 1 << 20;

  /// Split and packed, with and without an event index.
  static std::vector<Features> all_formats() {
    const Features common{Feature::Version1, Feature::IndirectDescriptors};
    return {common, common | Feature::EventIndex, common | Feature::RingPacked,
            common | Feature::RingPacked | Feature::EventIndex};
  }

  explicit RingBench(Features agreed) : format{agreed} {}

  auto pop() {
    return std::visit([](auto& made) { return made.pop(); }, ring);
  }
  void unpop(const devices::virtio::Chain& chain) {
    std::visit([&](auto& made) { made.unpop(chain); }, ring);
  }
  bool push(const devices::virtio::Chain& chain, std::uint32_t written_bytes) {
    return std::visit([&](auto& made) { return made.push(chain, written_bytes); }, ring);
  }
  bool expect_notification() {
    return std::visit([](auto& made) { return made.expect_notification(); }, ring);
  }
  void decline_notifications() {
    std::visit([](auto& made) { made.decline_notifications(); }, ring);
  }
  bool broken() {
    return std::visit([](auto& made) { return made.broken(); }, ring);
  }

  Features format;
  platform::GuestMemory memory{std::array{platform::AddressRange{{0}, memory_bytes}}};
  FakeDriver driver{memory, format};
  devices::virtio::Ring ring = driver.make_ring().value();
};
