// What a disk device stores its sectors on.
//
// Threads: all calls on the Loop's thread. Requests run side by side.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "runtime/task.hpp"

namespace devices::storage {

/// What requests are multiples of.
inline constexpr std::uint64_t sector_bytes = 512;

enum class Access : std::uint8_t { ReadWrite, ReadOnly };

/// What happens to the blocks below zeroed bytes.
enum class Unmap : std::uint8_t { Allowed, Forbidden };

/// Offsets and sizes are inside the disk: its user checks them. Each call returns when all of it is
/// done, or throws HostError; buffers (and the list of them) stay alive until then. A write that
/// returned is on stable storage once a flush() that began after it has returned.
class Disk {
 public:
  virtual ~Disk() = default;

  [[nodiscard]] virtual Access access() const = 0;
  /// Whether discard() frees anything.
  [[nodiscard]] virtual bool can_discard() const = 0;
  /// May change while it is used (an image that was grown).
  [[nodiscard]] virtual std::uint64_t size_bytes() const = 0;
  /// Returns when the size may have changed. A disk that keeps its size is never heard of.
  virtual runtime::Task<> changed() = 0;

  /// Reads what is there without a wait: whether that was all. If not, the buffers hold anything,
  /// and read_at() has to be asked; it says what is wrong, too. Copies in place, so ask for little.
  [[nodiscard]] virtual bool read_cached(std::uint64_t /*offset_bytes*/,
                                         std::span<const std::span<std::byte>> /*into*/) {
    return false;
  }
  virtual runtime::Task<> read_at(std::uint64_t offset_bytes,
                                  std::span<const std::span<std::byte>> into) = 0;
  virtual runtime::Task<> write_at(std::uint64_t offset_bytes,
                                   std::span<const std::span<const std::byte>> from) = 0;
  virtual runtime::Task<> flush() = 0;
  /// The bytes are not needed any more; what they read as afterwards is not said.
  virtual runtime::Task<> discard(std::uint64_t offset_bytes, std::uint64_t size_bytes) = 0;
  virtual runtime::Task<> write_zeroes(std::uint64_t offset_bytes, std::uint64_t size_bytes,
                                       Unmap unmap) = 0;
};

}  // namespace devices::storage
