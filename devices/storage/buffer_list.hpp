// A list of buffers, walked from its first byte to its last in pieces of any size.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

namespace devices::storage {

template <typename Byte>
using BufferList = std::span<const std::span<Byte>>;

template <typename Byte>
[[nodiscard]] std::size_t total_bytes(BufferList<Byte> list) {
  std::size_t size_bytes = 0;
  for (const auto buffer : list) size_bytes += buffer.size();
  return size_bytes;
}

template <typename Byte>
class BufferPieces {
 public:
  /// The list outlives this object.
  explicit BufferPieces(BufferList<Byte> list) : list_{list} {}

  /// The next `size_bytes`, or what is left.
  [[nodiscard]] std::vector<std::span<Byte>> take(std::size_t size_bytes) {
    std::vector<std::span<Byte>> piece;
    walk(size_bytes, [&piece](std::span<Byte> part) { piece.push_back(part); });
    return piece;
  }

  /// Copies bytes to the next buffers.
  void copy_in(std::span<const std::byte> bytes) {
    walk(bytes.size(), [&bytes](std::span<Byte> part) {
      std::ranges::copy(bytes.first(part.size()), part.begin());
      bytes = bytes.subspan(part.size());
    });
  }

  /// Copies the next buffers' bytes to a place.
  void copy_out(std::span<std::byte> into) {
    walk(into.size(), [&into](std::span<Byte> part) {
      std::ranges::copy(part, into.begin());
      into = into.subspan(part.size());
    });
  }

 private:
  template <typename Visit>
  void walk(std::size_t size_bytes, Visit visit) {
    while (size_bytes != 0 && !list_.empty()) {
      const auto rest = list_.front().subspan(skipped_bytes_);
      const auto part = rest.first(std::min(rest.size(), size_bytes));
      if (!part.empty()) visit(part);
      size_bytes -= part.size();
      skipped_bytes_ += part.size();
      if (skipped_bytes_ != list_.front().size()) continue;
      list_ = list_.subspan(1);
      skipped_bytes_ = 0;
    }
  }

  BufferList<Byte> list_;
  std::size_t skipped_bytes_ = 0;  // of the first one
};

}  // namespace devices::storage
