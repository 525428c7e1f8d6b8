// FileView: the bytes of a file, mapped, that stay readable when the file becomes shorter.
//
// Whoever can write to a mapped file can also shorten it, and a read behind its new end raises
// SIGBUS, which ends the program. While a FileView::Reader lives, a handler puts zeros there
// instead: nobody crashes, and the owner finds out by looking at the file's size again.
#pragma once

#include <cstddef>
#include <span>

#include "runtime/mapping.hpp"

namespace runtime {

class FileView {
 public:
  /// The first `size_bytes` of a file. The descriptor may be closed afterwards. Throws HostError.
  FileView(int descriptor, std::size_t size_bytes);

  [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return mapping_.bytes(); }
  [[nodiscard]] std::size_t size_bytes() const noexcept { return mapping_.size_bytes(); }

  /// Gives its pages back; they are read anew when touched.
  void let_go_of_pages() const noexcept;

  class Reader;

 private:
  Mapping mapping_;
};

/// Lets the thread that made it read a view's bytes, whatever happens to the file. Several nest.
class FileView::Reader {
 public:
  /// `view` outlives it. Throws HostError.
  explicit Reader(const FileView& view);
  ~Reader();
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return bytes_; }
  [[nodiscard]] const Reader* outer() const noexcept { return outer_; }

 private:
  const std::span<const std::byte> bytes_;
  const Reader* const outer_;
};

}  // namespace runtime
