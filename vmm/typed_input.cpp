#include "vmm/typed_input.hpp"

#include <algorithm>

namespace vmm {

void TypedInput::add_or_drop(std::span<const std::byte> keys) {
  const std::size_t room = capacity_bytes - bytes_.size();
  const auto kept = keys.first(std::min(room, keys.size()));
  bytes_.insert(bytes_.end(), kept.begin(), kept.end());
  arrived_.notify();
}

runtime::Task<> TypedInput::add(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    while (bytes_.size() == capacity_bytes) co_await taken_.wait();
    const std::size_t size = std::min(capacity_bytes - bytes_.size(), bytes.size());
    add_or_drop(bytes.first(size));
    bytes = bytes.subspan(size);
  }
}

void TypedInput::end() {
  ended_ = true;
  arrived_.notify();
}

runtime::Task<std::size_t> TypedInput::take(std::span<std::byte> into) {
  while (bytes_.empty() && !ended_) co_await arrived_.wait();
  const std::size_t size = std::min(into.size(), bytes_.size());
  std::copy_n(bytes_.begin(), size, into.begin());
  bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(size));
  taken_.notify();
  co_return size;
}

}  // namespace vmm
