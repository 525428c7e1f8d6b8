#include "devices/virtio/chain_builder.hpp"

#include <limits>

namespace devices::virtio {

bool ChainBuilder::add(platform::GuestAddress address, std::uint32_t size_bytes,
                       std::uint16_t flags) {
  const bool to_write = has(flags, DescriptorFlags::Write);
  if (!to_write && !writable_.empty()) return false;
  total_bytes_ += size_bytes;
  if (++count_ > largest_queue_size) return false;
  if (total_bytes_ > std::numeric_limits<std::uint32_t>::max()) return false;
  if (size_bytes == 0) return true;
  const std::span<std::byte> bytes = memory_.host_bytes({address, size_bytes});
  if (bytes.empty()) return false;
  if (to_write) {
    writable_.push_back(bytes);
  } else {
    readable_.push_back(bytes);
  }
  return true;
}

std::size_t ChainBuilder::table_length(platform::GuestAddress address,
                                       std::uint32_t size_bytes) const {
  const std::size_t length = size_bytes / sizeof(split::Descriptor);
  if (size_bytes % sizeof(split::Descriptor) != 0 || length > largest_queue_size) return 0;
  return memory_.contains({address, size_bytes}) ? length : 0;
}

bool ChainBuilder::add_linked_table(platform::GuestAddress address, std::uint32_t size_bytes) {
  const std::size_t length = table_length(address, size_bytes);
  std::size_t at = 0;
  for (std::size_t seen = 0; seen < length; ++seen) {
    if (at >= length) return false;
    const auto descriptor =
        memory_.load<split::Descriptor>(address + at * sizeof(split::Descriptor));
    if (!descriptor || has(descriptor->flags, DescriptorFlags::Indirect)) return false;
    if (!add({descriptor->address}, descriptor->size_bytes, descriptor->flags)) return false;
    if (!has(descriptor->flags, DescriptorFlags::Next)) return true;
    at = descriptor->next;
  }
  return false;  // no such table, or one that runs in circles
}

bool ChainBuilder::add_whole_table(platform::GuestAddress address, std::uint32_t size_bytes) {
  const std::size_t length = table_length(address, size_bytes);
  for (std::size_t at = 0; at < length; ++at) {
    const auto descriptor =
        memory_.load<packed::Descriptor>(address + at * sizeof(packed::Descriptor));
    if (!descriptor || has(descriptor->flags, DescriptorFlags::Indirect)) return false;
    if (!add({descriptor->address}, descriptor->size_bytes, descriptor->flags)) return false;
  }
  return length != 0;
}

}  // namespace devices::virtio
