// Guest RAM: private anonymous memory of this process, and checked access to it.
//
// Threads: vCPUs write this memory at any time; every access here copies.
// Trust:   every address may come from the guest, so a miss is a value, never a failure.
#pragma once

#include <array>
#include <cstddef>
#include <cstring>
#include <optional>
#include <span>
#include <type_traits>
#include <vector>

#include "platform/address.hpp"
#include "runtime/mapping.hpp"

namespace platform {

/// What became of bytes that were to come from a file.
enum class Placement { Done, NotRam, FileEndsEarly };

class GuestMemory {
 public:
  /// A stretch of RAM as the guest and as this process see it.
  struct Region {
    AddressRange guest;
    std::byte* host;
  };

  /// Reserves (does not touch) the given RAM ranges: page-aligned, ascending, disjoint.
  /// Throws HostError when the host has no address space left.
  explicit GuestMemory(std::span<const AddressRange> ram);

  [[nodiscard]] std::span<const Region> regions() const { return regions_; }
  [[nodiscard]] std::uint64_t size_bytes() const;
  /// Whether the whole range is RAM of one region.
  [[nodiscard]] bool contains(AddressRange range) const { return find(range) != nullptr; }

  /// Copies out of or into RAM; false (and nothing copied) unless all of it is RAM.
  [[nodiscard]] bool read(GuestAddress from, std::span<std::byte> into) const;
  [[nodiscard]] bool write(GuestAddress to, std::span<const std::byte> bytes);

  template <typename T>
  requires std::is_trivially_copyable_v<T>
  [[nodiscard]] std::optional<T> load(GuestAddress from) const {
    T value;
    if (!read(from, std::as_writable_bytes(std::span{&value, 1}))) return std::nullopt;
    return value;
  }
  template <typename T>
  requires std::is_trivially_copyable_v<T>
  [[nodiscard]] bool store(GuestAddress to, const T& value) {
    return write(to, std::as_bytes(std::span{&value, 1}));
  }

  /// Where this process sees a range, for I/O straight into RAM and for loaders before the first
  /// vCPU runs. Empty when not all of it is RAM of one region, or when `range` has no bytes.
  [[nodiscard]] std::span<std::byte> host_bytes(AddressRange range) const;

  /// Reads a file's bytes from `file_offset` on straight into [to, to + size_bytes), all of which
  /// must be RAM. Throws HostError when the file cannot be read. (Mapping the file there instead
  /// makes this 5 times cheaper and the boot a third dearer: every small page the guest touches is
  /// then a fault of its own. README.md has the figures.)
  [[nodiscard]] Placement place_file(GuestAddress to, int file_descriptor,
                                     std::uint64_t file_offset, std::uint64_t size_bytes);

  /// Gives whole pages inside the range back to the host; they read as zero again.
  void discard(AddressRange range);

 private:
  [[nodiscard]] const Region* find(AddressRange range) const;

  runtime::Mapping backing_;
  std::vector<Region> regions_;
};

}  // namespace platform
