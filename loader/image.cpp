#include "loader/image.hpp"

namespace loader {

std::span<const std::byte> ImageReader::slice(std::uint64_t offset, std::uint64_t size_bytes,
                                              const char* what) const {
  if (!contains(offset, size_bytes)) {
    throw BadImage{"truncated: {} lies at offset {} and has {} bytes, but the file ends at {}",
                   what, offset, size_bytes, bytes_.size()};
  }
  return bytes_.subspan(offset, size_bytes);
}

}  // namespace loader
