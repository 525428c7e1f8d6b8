// One request of the driver: the buffers it lends us, to read and to write, checked once.
//
// Spec:  Virtio 1.2, 2.6 "Virtqueues": all buffers to read come before all to write.
// Trust: the ring has seen to it that every buffer is RAM; what is in them is the guest's, and may
//        change while we look. Reader and Writer copy, and cannot leave the buffers.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

namespace devices::virtio {

/// A walk over buffers from their first byte to their last. `Byte` is const where we only read.
template <typename Byte>
class BufferWalk {
 public:
  BufferWalk() = default;
  explicit BufferWalk(std::vector<std::span<Byte>> buffers) : buffers_{std::move(buffers)} {
    for (const auto buffer : buffers_) size_bytes_ += buffer.size();
  }

  /// What is left.
  [[nodiscard]] std::size_t size_bytes() const { return size_bytes_; }
  [[nodiscard]] bool empty() const { return size_bytes_ == 0; }

  /// The same, for I/O straight from or to guest memory. Valid until the next call of anything.
  [[nodiscard]] std::span<const std::span<Byte>> rest() const {
    return std::span{buffers_}.subspan(at_);
  }

  /// Passes over so many bytes, or to the end; how many those were.
  std::size_t skip(std::size_t size_bytes) {
    return walk(size_bytes, [](std::span<Byte>) {});
  }

  /// What is beyond the first `size_bytes` is left away.
  void truncate(std::size_t size_bytes) {
    while (size_bytes_ > size_bytes) {
      auto& last = buffers_.back();
      const std::size_t cut_bytes = std::min(last.size(), size_bytes_ - size_bytes);
      last = last.first(last.size() - cut_bytes);
      size_bytes_ -= cut_bytes;
      if (last.empty()) buffers_.pop_back();
    }
    at_ = std::min(at_, buffers_.size());
  }

  /// Takes the very last byte away; null if there is none left.
  [[nodiscard]] Byte* take_last_byte() {
    if (empty()) return nullptr;
    while (buffers_.back().empty()) buffers_.pop_back();
    Byte* const last = &buffers_.back().back();
    truncate(size_bytes_ - 1);
    return last;
  }

 protected:
  template <typename Visit>
  std::size_t walk(std::size_t size_bytes, Visit visit) {
    std::size_t done_bytes = 0;
    while (done_bytes < size_bytes && at_ < buffers_.size()) {
      std::span<Byte>& buffer = buffers_[at_];
      const auto part = buffer.first(std::min(buffer.size(), size_bytes - done_bytes));
      visit(part);
      done_bytes += part.size();
      buffer = buffer.subspan(part.size());
      if (buffer.empty()) ++at_;
    }
    size_bytes_ -= done_bytes;
    return done_bytes;
  }

 private:
  friend class ChainBuffers;

  std::vector<std::span<Byte>> buffers_;
  std::size_t at_ = 0;  // those before have been walked over
  std::size_t size_bytes_ = 0;
};

/// What the driver has for us to read.
class Reader : public BufferWalk<const std::byte> {
 public:
  using BufferWalk::BufferWalk;

  /// Copies as much as there is, up to into.size(); how much that was.
  std::size_t read_some(std::span<std::byte> into) {
    return walk(into.size(), [&into](std::span<const std::byte> part) {
      std::ranges::copy(part, into.begin());
      into = into.subspan(part.size());
    });
  }

  /// The next bytes as a value; nothing (and nothing read) if there are not enough.
  template <typename T>
  requires std::is_trivially_copyable_v<T>
  [[nodiscard]] std::optional<T> read() {
    if (size_bytes() < sizeof(T)) return std::nullopt;
    T value;
    (void)read_some(std::as_writable_bytes(std::span{&value, 1}));
    return value;
  }
};

/// Where the driver waits for us to write.
class Writer : public BufferWalk<std::byte> {
 public:
  using BufferWalk::BufferWalk;

  /// Copies as much as there is room for; how much that was.
  std::size_t write_some(std::span<const std::byte> from) {
    return walk(from.size(), [&from](std::span<std::byte> part) {
      std::ranges::copy(from.first(part.size()), part.begin());
      from = from.subspan(part.size());
    });
  }

  /// False (and nothing written) if there is not enough room.
  template <typename T>
  requires std::is_trivially_copyable_v<T>
  [[nodiscard]] bool write(const T& value) {
    if (size_bytes() < sizeof(T)) return false;
    (void)write_some(std::as_bytes(std::span{&value, 1}));
    return true;
  }
};

/// Move-only: a chain goes back to the ring it came from exactly once (Queue::push).
class Chain {
 public:
  /// What its ring knows it by.
  struct Name {
    std::uint16_t id = 0;           ///< Split: index of the head. Packed: buffer id.
    std::uint16_t descriptors = 1;  ///< How many places of the ring it takes up.
  };

  Chain(Name name, Reader to_read, Writer to_write)
      : readable{std::move(to_read)}, writable{std::move(to_write)}, name_{name} {}
  Chain(Chain&&) noexcept = default;
  Chain& operator=(Chain&&) noexcept = default;

  [[nodiscard]] Name name() const { return name_; }

  Reader readable;
  Writer writable;

 private:
  Name name_;
};

}  // namespace devices::virtio
