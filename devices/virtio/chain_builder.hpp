// Makes a Chain of descriptors, in either ring's format, and sees to the rules for all of them.
//
// Spec:  Virtio 1.2, 2.7.4.2, 2.7.5.3, 2.8.7 (order, sizes, indirect tables).
// Trust: every address, size and flag was written by the guest.
#pragma once

#include <optional>
#include <vector>

#include "devices/virtio/chain.hpp"
#include "devices/virtio/ring_layout.hpp"
#include "platform/guest_memory.hpp"

namespace devices::virtio {

class ChainBuilder {
 public:
  explicit ChainBuilder(const platform::GuestMemory& memory) : memory_{memory} {}

  /// False if the rules forbid such a buffer: not RAM, to read after one to write, more than 4 GiB
  /// or 1024 buffers in all.
  [[nodiscard]] bool add(platform::GuestAddress address, std::uint32_t size_bytes,
                         std::uint16_t flags);

  /// Adds the buffers of a table of a split ring's descriptors, following their links from 0.
  [[nodiscard]] bool add_linked_table(platform::GuestAddress address, std::uint32_t size_bytes);
  /// Adds all buffers of a table of a packed ring's descriptors.
  [[nodiscard]] bool add_whole_table(platform::GuestAddress address, std::uint32_t size_bytes);

  [[nodiscard]] Chain take(Chain::Name name) && {
    return {name, Reader{std::move(readable_)}, Writer{std::move(writable_)}};
  }

 private:
  /// How many descriptors the table has; 0 if it must not be.
  [[nodiscard]] std::size_t table_length(platform::GuestAddress address,
                                         std::uint32_t size_bytes) const;

  const platform::GuestMemory& memory_;
  std::vector<std::span<const std::byte>> readable_;
  std::vector<std::span<std::byte>> writable_;
  std::size_t count_ = 0;
  std::uint64_t total_bytes_ = 0;
};

[[nodiscard]] constexpr bool has(std::uint16_t flags, DescriptorFlags flag) {
  return (flags & static_cast<std::uint16_t>(flag)) != 0;
}

}  // namespace devices::virtio
