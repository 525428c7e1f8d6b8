#include "tests/platform/guest_code.hpp"

// Not in the header: of instructions it can see through, g++ 12 says that they overflow the vector.
GuestCode& GuestCode::add(std::span<const std::byte> bytes) {
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  return *this;
}
