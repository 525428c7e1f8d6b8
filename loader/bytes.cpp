#include "loader/bytes.hpp"

#include <cstring>

namespace loader {

void append(Bytes& to, std::span<const std::byte> bytes) {
  if (bytes.empty()) return;
  const std::size_t at = to.size();
  to.resize(at + bytes.size());
  std::memcpy(to.data() + at, bytes.data(), bytes.size());
}

std::byte checksum(std::span<const std::byte> bytes) {
  unsigned sum = 0;
  for (const std::byte byte : bytes) sum += std::to_integer<unsigned>(byte);
  return static_cast<std::byte>(-sum);
}

}  // namespace loader
