// A driver that writes anything into its rings, and a device that answers what it finds there.
//
// Input: a byte that chooses the format, then steps of three bytes: where in the ring's memory, and
// what goes there.

#include <array>
#include <cstdint>
#include <deque>

#include "devices/virtio/queue.hpp"
#include "devices/virtio/ring_layout.hpp"
#include "platform/guest_memory.hpp"
#include "tests/fuzz/require.hpp"

namespace {

using namespace devices::virtio;

constexpr std::uint64_t memory_bytes = 0x4000;
constexpr std::uint16_t size = 8;
constexpr RingPlaces places{
    .size = size, .descriptors = {0x0}, .driver_area = {0x100}, .device_area = {0x200}};

Features format_of(std::uint8_t choice) {
  Features format{Feature::Version1};
  format.assign(Feature::RingPacked, (choice & 1) != 0);
  format.assign(Feature::EventIndex, (choice & 2) != 0);
  format.assign(Feature::IndirectDescriptors, (choice & 4) != 0);
  return format;
}

std::size_t touch(Chain& chain) {
  std::array<std::byte, 64> bytes{};
  const std::size_t before = chain.readable.size_bytes();
  const std::size_t read = chain.readable.read_some(bytes);
  require(chain.readable.size_bytes() == before - read);
  if (std::byte* const last = chain.writable.take_last_byte()) *last = std::byte{1};
  return chain.writable.write_some(bytes);
}

/// Answers what is there, up to two chains late.
template <typename AnyRing>
void serve(AnyRing& ring, std::deque<Chain>& in_flight) {
  for (std::uint16_t i = 0; i < 2 * size; ++i) {
    auto chain = ring.pop();
    if (!chain) break;
    require(chain->readable.rest().size() + chain->writable.rest().size() <= largest_queue_size);
    (void)touch(*chain);
    in_flight.push_back(std::move(*chain));
    if (in_flight.size() <= 2) continue;
    (void)ring.push(in_flight.front(), 7);
    in_flight.pop_front();
  }
  if (ring.broken()) require(!ring.pop().has_value());
  if (ring.expect_notification()) ring.decline_notifications();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size_bytes) {
  if (size_bytes == 0) return 0;
  const Features format = format_of(*data);
  platform::GuestMemory memory{std::array{platform::AddressRange{{0}, memory_bytes}}};
  auto split = SplitRing::make(memory, places, format);
  auto packed = PackedRing::make(memory, places, format);
  require(split.has_value() && packed.has_value());
  std::deque<Chain> in_flight;
  for (++data, --size_bytes; size_bytes >= 3; data += 3, size_bytes -= 3) {
    const std::uint64_t place = (data[0] | (data[1] & 3u) << 8u);
    require(memory.store({place}, data[2]));
    if ((data[1] & 0x80) == 0) continue;  // several bytes, then a look
    if (format.has(Feature::RingPacked)) {
      serve(*packed, in_flight);
    } else {
      serve(*split, in_flight);
    }
  }
  return 0;
}
