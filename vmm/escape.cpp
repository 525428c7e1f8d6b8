#include "vmm/escape.hpp"

namespace vmm {
namespace {

constexpr std::byte ctrl_q{0x11};

}  // namespace

EscapeFilter::Typed EscapeFilter::filter(std::span<std::byte> keys) {
  std::size_t kept = 0;
  for (const std::byte key : keys) {
    if (!after_escape_) {
      if (key == ctrl_q) {
        after_escape_ = true;
      } else {
        keys[kept++] = key;
      }
      continue;
    }
    after_escape_ = false;
    if (key == std::byte{'q'}) return {kept, true};
    if (key == ctrl_q) keys[kept++] = key;
  }
  return {kept, false};
}

}  // namespace vmm
