// What a loader is given (bytes of a file), how it reads them, and how it says no.
//
// Trust: the bytes come from the operator, who may have named the wrong file, half a file or a
//        hostile one. Every read is checked; what is wrong is said in one line.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <stdexcept>
#include <string>

#include <fmt/core.h>

namespace loader {

/// The machine asked for cannot be prepared. One line: what was found and what was expected.
class LoadError : public std::runtime_error {
 public:
  template <typename... Args>
  explicit LoadError(fmt::format_string<Args...> message, Args&&... args)
      : std::runtime_error{fmt::format(message, std::forward<Args>(args)...)} {}
};

/// A file is not what it should be, or does not fit into the machine.
class BadImage final : public LoadError {
 public:
  using LoadError::LoadError;
};

/// A file's contents, which outlive every use of the Image.
struct Image {
  std::span<const std::byte> bytes;
  /// The file behind `bytes`, or -1 when they are only in memory. With it, bytes reach guest RAM
  /// without passing through this process.
  int file_descriptor = -1;
  /// Put before a message about this image; may be empty.
  std::string name = {};
};

/// Calls a loader of one file, whose name a message about it then begins with.
template <typename Load>
auto naming(const Image& image, Load load) {
  try {
    return load();
  } catch (const BadImage& error) {
    if (image.name.empty()) throw;
    throw BadImage{"{}: {}", image.name, error.what()};
  }
}

struct FileRange {
  std::uint64_t offset;
  std::uint64_t size_bytes;
};

/// Little-endian reads that cannot leave the image.
class ImageReader {
 public:
  explicit ImageReader(std::span<const std::byte> bytes) : bytes_{bytes} {}

  [[nodiscard]] std::span<const std::byte> bytes() const { return bytes_; }
  [[nodiscard]] std::uint64_t size_bytes() const { return bytes_.size(); }
  [[nodiscard]] bool contains(std::uint64_t offset, std::uint64_t size_bytes) const {
    return offset <= bytes_.size() && size_bytes <= bytes_.size() - offset;
  }
  /// Throws BadImage naming `what` when the image ends before it does.
  [[nodiscard]] std::span<const std::byte> slice(std::uint64_t offset, std::uint64_t size_bytes,
                                                 const char* what) const;

  template <std::unsigned_integral T>
  [[nodiscard]] T read(std::uint64_t offset, const char* what) const {
    T value;
    std::memcpy(&value, slice(offset, sizeof value, what).data(), sizeof value);
    return value;
  }

 private:
  std::span<const std::byte> bytes_;
};

}  // namespace loader
