#include "devices/virtio/split_ring.hpp"

#include <bit>
#include <utility>

#include "devices/virtio/chain_builder.hpp"

namespace devices::virtio {
namespace {

using namespace split;

constexpr std::uint64_t ring_entry(std::uint16_t index) {
  return ring_offset + sizeof(std::uint16_t) * std::uint64_t{index};
}
constexpr std::uint64_t used_entry(std::uint16_t index) {
  return ring_offset + sizeof(UsedElement) * std::uint64_t{index};
}

}  // namespace

std::optional<SplitRing> SplitRing::make(const platform::GuestMemory& memory,
                                         const RingPlaces& places, Features features) {
  const std::uint16_t size = places.size;
  if (!std::has_single_bit(size) || size > largest_queue_size) return std::nullopt;
  const auto descriptors =
      RingMemory::at(memory, places.descriptors, descriptor_table_bytes(size), 16);
  const auto driver = RingMemory::at(memory, places.driver_area, driver_area_bytes(size), 2);
  const auto device = RingMemory::at(memory, places.device_area, device_area_bytes(size), 4);
  if (!descriptors || !driver || !device) return std::nullopt;
  SplitRing ring{memory, size, features};
  ring.descriptors_ = *descriptors;
  ring.driver_ = *driver;
  ring.device_ = *device;
  return ring;
}

bool SplitRing::available() {
  if (next_available_ != known_available_) return true;
  const auto index = driver_.load<std::uint16_t>(index_offset, std::memory_order_acquire);
  // The driver cannot have more chains with us than there are descriptors.
  if (static_cast<std::uint16_t>(index - next_available_) > size_) broken_ = true;
  if (broken_) return false;
  known_available_ = index;
  return next_available_ != known_available_;
}

std::optional<Chain> SplitRing::pop() {
  if (broken_ || !available()) return std::nullopt;
  const auto at = static_cast<std::uint16_t>(next_available_ % size_);
  const auto head = driver_.load<std::uint16_t>(ring_entry(at), std::memory_order_relaxed);
  auto chain = walk(head);
  if (chain) {
    ++next_available_;
  } else {
    broken_ = true;
  }
  return chain;
}

void SplitRing::unpop(const Chain&) {
  --next_available_;
}

std::optional<Chain> SplitRing::walk(std::uint16_t head) const {
  ChainBuilder builder{*memory_};
  std::uint16_t at = head;
  for (std::uint16_t seen = 0; seen < size_ && at < size_; ++seen) {
    const auto descriptor = descriptors_.copy<Descriptor>(sizeof(Descriptor) * std::uint64_t{at});
    if (has(descriptor.flags, DescriptorFlags::Indirect)) {
      const bool allowed = features_.has(Feature::IndirectDescriptors) &&
                           !has(descriptor.flags, DescriptorFlags::Next);
      if (!allowed || !builder.add_linked_table({descriptor.address}, descriptor.size_bytes)) break;
      return std::move(builder).take({.id = head});
    }
    if (!builder.add({descriptor.address}, descriptor.size_bytes, descriptor.flags)) break;
    if (!has(descriptor.flags, DescriptorFlags::Next)) return std::move(builder).take({.id = head});
    at = descriptor.next;
  }
  return std::nullopt;
}

void SplitRing::stage(const Chain& chain, std::uint32_t written_bytes) {
  const auto at = static_cast<std::uint16_t>((next_used_ + staged_++) % size_);
  device_.put(used_entry(at), UsedElement{.id = chain.name().id, .written_bytes = written_bytes});
}

bool SplitRing::publish() {
  const std::uint16_t before = next_used_;
  next_used_ = static_cast<std::uint16_t>(next_used_ + std::exchange(staged_, std::uint16_t{0}));
  device_.store<std::uint16_t>(index_offset, next_used_, std::memory_order_release);
  return interrupt_wanted(before);
}

bool SplitRing::interrupt_wanted(std::uint16_t before) const {
  full_barrier();
  if (features_.has(Feature::EventIndex)) {
    const auto used_event =
        driver_.load<std::uint16_t>(ring_entry(size_), std::memory_order_relaxed);
    return passes(before, next_used_, used_event);
  }
  return driver_.load<std::uint16_t>(flags_offset, std::memory_order_relaxed) != not_wanted;
}

bool SplitRing::expect_notification() {
  if (features_.has(Feature::EventIndex)) {
    device_.store<std::uint16_t>(used_entry(size_), next_available_, std::memory_order_relaxed);
  } else {
    device_.store<std::uint16_t>(flags_offset, 0, std::memory_order_relaxed);
  }
  full_barrier();
  return !broken_ && available();
}

void SplitRing::decline_notifications() {
  // With an event index the old one stays: the driver passed it, and will not again for 65536
  // chains.
  if (features_.has(Feature::EventIndex)) return;
  device_.store<std::uint16_t>(flags_offset, not_wanted, std::memory_order_relaxed);
}

}  // namespace devices::virtio
