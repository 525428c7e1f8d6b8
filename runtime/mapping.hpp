// Mapping: owns a range of this process's address space and unmaps it.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace runtime {

class Mapping {
 public:
  Mapping() = default;
  Mapping(Mapping&& other) noexcept
      : data_{std::exchange(other.data_, nullptr)},
        size_bytes_{std::exchange(other.size_bytes_, 0)} {}
  Mapping& operator=(Mapping&& other) noexcept;
  ~Mapping();

  /// Zeroed private memory, readable and writable, not reserved (nothing is committed until it is
  /// touched). `alignment_bytes` is a power of two; less than a page means a page.
  /// Throws HostError.
  [[nodiscard]] static Mapping anonymous(std::size_t size_bytes,
                                         std::size_t alignment_bytes = 4096);

  /// `size_bytes` of a file or device from `offset_bytes` (page-aligned) on; `protection` is
  /// PROT_*, `sharing` MAP_PRIVATE or MAP_SHARED. The descriptor may be closed afterwards.
  /// An empty range gives an empty Mapping. Throws HostError.
  [[nodiscard]] static Mapping file(int descriptor, std::uint64_t offset_bytes,
                                    std::size_t size_bytes, int protection,
                                    int sharing = MAP_PRIVATE);

  /// Takes over what someone else mapped.
  [[nodiscard]] static Mapping adopt(void* data, std::size_t size_bytes) noexcept {
    Mapping mapping;
    mapping.data_ = static_cast<std::byte*>(data);
    mapping.size_bytes_ = size_bytes;
    return mapping;
  }

  [[nodiscard]] std::byte* data() const noexcept { return data_; }
  [[nodiscard]] std::size_t size_bytes() const noexcept { return size_bytes_; }
  [[nodiscard]] std::span<std::byte> bytes() const noexcept { return {data_, size_bytes_}; }
  [[nodiscard]] explicit operator bool() const noexcept { return data_ != nullptr; }

 private:
  std::byte* data_ = nullptr;
  std::size_t size_bytes_ = 0;
};

}  // namespace runtime
