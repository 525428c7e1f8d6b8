#include "runtime/mapping.hpp"

#include <bit>
#include <cassert>

#include "runtime/error.hpp"
#include "runtime/units.hpp"

namespace runtime {
namespace {

std::byte* map(std::size_t size_bytes, int protection, int flags, int descriptor,
               std::uint64_t offset_bytes) {
  void* data =
      ::mmap(nullptr, size_bytes, protection, flags, descriptor, static_cast<off_t>(offset_bytes));
  if (data == MAP_FAILED) throw HostError{errno, "map {} bytes", size_bytes};
  return static_cast<std::byte*>(data);
}

void unmap(std::byte* data, std::size_t size_bytes) noexcept {
  if (size_bytes != 0) ::munmap(data, size_bytes);
}

}  // namespace

Mapping& Mapping::operator=(Mapping&& other) noexcept {
  Mapping old = std::move(*this);
  data_ = std::exchange(other.data_, nullptr);
  size_bytes_ = std::exchange(other.size_bytes_, 0);
  return *this;
}

Mapping::~Mapping() {
  unmap(data_, size_bytes_);
}

Mapping Mapping::anonymous(std::size_t size_bytes, std::size_t alignment_bytes) {
  assert(std::has_single_bit(alignment_bytes));
  if (size_bytes == 0) return {};
  constexpr int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
  constexpr std::size_t page_bytes = 4096;
  // Sizes come from the command line: one that wraps when rounded is only too large.
  if (size_bytes > SIZE_MAX - page_bytes - alignment_bytes) {
    throw HostError{ENOMEM, "map {} bytes", size_bytes};
  }
  size_bytes = align_up(size_bytes, page_bytes);
  if (alignment_bytes <= page_bytes) {
    return adopt(map(size_bytes, PROT_READ | PROT_WRITE, flags, -1, 0), size_bytes);
  }
  // mmap knows no alignment: take too much, give back both ends.
  const std::size_t padded_bytes = size_bytes + alignment_bytes;
  std::byte* const padded = map(padded_bytes, PROT_READ | PROT_WRITE, flags, -1, 0);
  const auto address = reinterpret_cast<std::uintptr_t>(padded);
  const std::size_t front_bytes = align_up(address, alignment_bytes) - address;
  unmap(padded, front_bytes);
  unmap(padded + front_bytes + size_bytes, alignment_bytes - front_bytes);
  return adopt(padded + front_bytes, size_bytes);
}

Mapping Mapping::file(int descriptor, std::uint64_t offset_bytes, std::size_t size_bytes,
                      int protection, int sharing) {
  if (size_bytes == 0) return {};
  return adopt(map(size_bytes, protection, sharing, descriptor, offset_bytes), size_bytes);
}

}  // namespace runtime
