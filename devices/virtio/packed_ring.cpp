#include "devices/virtio/packed_ring.hpp"

#include <utility>

#include "devices/virtio/chain_builder.hpp"

namespace devices::virtio {
namespace {

using namespace packed;

constexpr std::uint64_t place_offset = offsetof(EventSuppression, place);
constexpr std::uint64_t event_flags_offset = offsetof(EventSuppression, flags);
constexpr std::uint16_t wrap_bit = 1 << 15;

constexpr std::uint64_t descriptor_at(std::uint16_t index) {
  return sizeof(Descriptor) * std::uint64_t{index};
}

constexpr std::uint16_t raw(EventFlags flags) {
  return static_cast<std::uint16_t>(flags);
}

}  // namespace

void PackedRing::Position::advance(std::uint16_t count, std::uint16_t size) {
  index = static_cast<std::uint16_t>(index + count);
  if (index < size) return;
  index = static_cast<std::uint16_t>(index - size);
  wrap = !wrap;
}

void PackedRing::Position::retreat(std::uint16_t count, std::uint16_t size) {
  if (index < count) {
    index = static_cast<std::uint16_t>(index + size);
    wrap = !wrap;
  }
  index = static_cast<std::uint16_t>(index - count);
}

std::optional<PackedRing> PackedRing::make(const platform::GuestMemory& memory,
                                           const RingPlaces& places, Features features) {
  const std::uint16_t size = places.size;
  if (size == 0 || size > largest_queue_size) return std::nullopt;
  const auto ring = RingMemory::at(memory, places.descriptors, descriptor_at(size), 16);
  const auto driver = RingMemory::at(memory, places.driver_area, sizeof(EventSuppression), 4);
  const auto device = RingMemory::at(memory, places.device_area, sizeof(EventSuppression), 4);
  if (!ring || !driver || !device) return std::nullopt;
  PackedRing made{memory, size, features};
  made.ring_ = *ring;
  made.driver_ = *driver;
  made.device_ = *device;
  return made;
}

/// 2.8.1: available if the driver's bit is this round's and ours is still the last one's.
bool PackedRing::available() const {
  const auto flags =
      ring_.load<std::uint16_t>(descriptor_at(next_available_.index) + offsetof(Descriptor, flags),
                                std::memory_order_acquire);
  return has(flags, DescriptorFlags::Available) == next_available_.wrap &&
         has(flags, DescriptorFlags::Used) != next_available_.wrap;
}

std::optional<Chain> PackedRing::pop() {
  if (broken_ || !available()) return std::nullopt;
  auto chain = walk();
  if (chain) {
    next_available_.advance(chain->name().descriptors, size_);
  } else {
    broken_ = true;
  }
  return chain;
}

void PackedRing::unpop(const Chain& chain) {
  next_available_.retreat(chain.name().descriptors, size_);
}

std::optional<Chain> PackedRing::walk() const {
  ChainBuilder builder{*memory_};
  Position at = next_available_;
  for (std::uint16_t count = 1; count <= size_; ++count, at.advance(1, size_)) {
    const auto descriptor = ring_.copy<Descriptor>(descriptor_at(at.index));
    if (has(descriptor.flags, DescriptorFlags::Indirect)) {
      const bool allowed = features_.has(Feature::IndirectDescriptors) && count == 1 &&
                           !has(descriptor.flags, DescriptorFlags::Next);
      if (!allowed || !builder.add_whole_table({descriptor.address}, descriptor.size_bytes)) break;
    } else if (!builder.add({descriptor.address}, descriptor.size_bytes, descriptor.flags)) {
      break;
    }
    if (!has(descriptor.flags, DescriptorFlags::Next)) {
      return std::move(builder).take({.id = descriptor.id, .descriptors = count});
    }
  }
  return std::nullopt;
}

void PackedRing::stage(const Chain& chain, std::uint32_t written_bytes) {
  const std::uint64_t at = descriptor_at(next_used_.index);
  ring_.put(at + offsetof(Descriptor, size_bytes), written_bytes);
  ring_.put(at + offsetof(Descriptor, id), chain.name().id);
  std::uint16_t flags = 0;
  if (next_used_.wrap) {
    flags = static_cast<std::uint16_t>(DescriptorFlags::Available) |
            static_cast<std::uint16_t>(DescriptorFlags::Used);
  }
  if (written_bytes != 0) flags |= static_cast<std::uint16_t>(DescriptorFlags::Write);
  if (staged_.descriptors == 0) {
    staged_ = {.descriptors = 0, .first = next_used_.index, .first_flags = flags};
  } else {
    ring_.store<std::uint16_t>(at + offsetof(Descriptor, flags), flags, std::memory_order_relaxed);
  }
  const std::uint16_t descriptors = chain.name().descriptors;
  staged_.descriptors = static_cast<std::uint16_t>(staged_.descriptors + descriptors);
  next_used_.advance(descriptors, size_);
}

bool PackedRing::publish() {
  const Staged staged = std::exchange(staged_, Staged{});
  ring_.store<std::uint16_t>(descriptor_at(staged.first) + offsetof(Descriptor, flags),
                             staged.first_flags, std::memory_order_release);
  return interrupt_wanted(staged.descriptors);
}

bool PackedRing::interrupt_wanted(std::uint16_t count) const {
  full_barrier();
  const auto flags = driver_.load<std::uint16_t>(event_flags_offset, std::memory_order_acquire);
  if (flags == raw(EventFlags::Disable)) return false;
  if (flags != raw(EventFlags::AtPlace) || !features_.has(Feature::EventIndex)) return true;
  const auto place = driver_.load<std::uint16_t>(place_offset, std::memory_order_relaxed);
  auto index = static_cast<std::uint16_t>(place & ~wrap_bit);
  // A place of the last round lies one ring's length behind.
  if (((place & wrap_bit) != 0) != next_used_.wrap)
    index = static_cast<std::uint16_t>(index - size_);
  const std::uint16_t after = next_used_.index;
  return passes(static_cast<std::uint16_t>(after - count), after, index);
}

bool PackedRing::expect_notification() {
  auto wanted = raw(EventFlags::Enable);
  if (features_.has(Feature::EventIndex)) {
    const auto wrap = next_available_.wrap ? wrap_bit : std::uint16_t{0};
    device_.store<std::uint16_t>(place_offset,
                                 static_cast<std::uint16_t>(next_available_.index | wrap),
                                 std::memory_order_relaxed);
    wanted = raw(EventFlags::AtPlace);
  }
  device_.store<std::uint16_t>(event_flags_offset, wanted, std::memory_order_release);
  full_barrier();
  return !broken_ && available();
}

void PackedRing::decline_notifications() {
  device_.store<std::uint16_t>(event_flags_offset, raw(EventFlags::Disable),
                               std::memory_order_relaxed);
}

}  // namespace devices::virtio
