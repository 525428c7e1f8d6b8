// A queue of fixed capacity that lives inside its owner.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

namespace devices {

template <typename T, std::size_t capacity>
class Ring {
  static_assert((capacity & (capacity - 1)) == 0, "positions wrap by masking");

 public:
  [[nodiscard]] std::size_t size() const { return count_; }
  [[nodiscard]] bool empty() const { return count_ == 0; }
  [[nodiscard]] bool full() const { return count_ == capacity; }

  /// The oldest element; there must be one.
  T& front() { return items_[first_]; }

  /// There must be room.
  void push(const T& item) { items_[(first_ + count_++) & mask] = item; }

  /// There must be an element.
  T pop() {
    const T item = items_[first_];
    first_ = (first_ + 1) & mask;
    --count_;
    return item;
  }

  /// Moves the oldest elements out, as many as there are or fit; returns how many.
  std::size_t pop_into(std::span<T> into) {
    const std::size_t size = std::min(into.size(), count_);
    const std::size_t before_wrap = std::min(size, capacity - first_);
    std::copy_n(items_.begin() + static_cast<std::ptrdiff_t>(first_), before_wrap, into.begin());
    std::copy_n(items_.begin(), size - before_wrap,
                into.begin() + static_cast<std::ptrdiff_t>(before_wrap));
    first_ = (first_ + size) & mask;
    count_ -= size;
    return size;
  }

  void clear() { first_ = count_ = 0; }

  template <typename Predicate>
  [[nodiscard]] bool any_of(Predicate matches) const {
    for (std::size_t i = 0; i < count_; ++i) {
      if (matches(items_[(first_ + i) & mask])) return true;
    }
    return false;
  }

 private:
  static constexpr std::size_t mask = capacity - 1;

  std::array<T, capacity> items_{};
  std::size_t first_ = 0;
  std::size_t count_ = 0;
};

}  // namespace devices
