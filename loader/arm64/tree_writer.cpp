#include "loader/arm64/tree_writer.hpp"

#include <algorithm>
#include <utility>

#include <fmt/core.h>
#include <libfdt.h>

#include "loader/image.hpp"

namespace loader::arm64 {
namespace {

constexpr std::size_t first_buffer_bytes = 0x2000;
constexpr std::size_t max_buffer_bytes = 0x1000'0000;  // libfdt counts in int

void append_string(Bytes& to, std::string_view text, const char* property) {
  if (text.find('\0') != std::string_view::npos) {
    throw LoadError{"device tree: {}: found a text with a NUL, expected none", property};
  }
  append(to, std::as_bytes(std::span{text}));
  to.push_back(std::byte{0});
}

}  // namespace

Cells& Cells::u32(std::uint32_t value) {
  for (const int shift : {24, 16, 8, 0}) bytes_.push_back(static_cast<std::byte>(value >> shift));
  return *this;
}

Cells& Cells::u64(std::uint64_t value) {
  return u32(static_cast<std::uint32_t>(value >> 32)).u32(static_cast<std::uint32_t>(value));
}

std::string unit_name(std::string_view kind, platform::GuestAddress address) {
  return fmt::format("{}@{:x}", kind, address.value);
}

TreeWriter::TreeWriter() : buffer_(first_buffer_bytes) {
  write([&] { return fdt_create(buffer_.data(), static_cast<int>(buffer_.size())); });
  write([&] { return fdt_finish_reservemap(buffer_.data()); });
}

template <typename Write>
void TreeWriter::write(const Write& write) {
  int result;
  while ((result = write()) == -FDT_ERR_NOSPACE) grow();
  if (result < 0) throw LoadError{"device tree: {}", fdt_strerror(result)};
}

void TreeWriter::grow() {
  if (buffer_.size() >= max_buffer_bytes) {
    throw LoadError{"device tree: it is larger than {} bytes", buffer_.size()};
  }
  Bytes larger(2 * buffer_.size());
  const int result = fdt_resize(buffer_.data(), larger.data(), static_cast<int>(larger.size()));
  if (result < 0) throw LoadError{"device tree: {}", fdt_strerror(result)};
  buffer_ = std::move(larger);
}

/// A node's end is written when something follows, since destructors must not fail.
void TreeWriter::close_nodes() {
  for (; nodes_to_close_ > 0; --nodes_to_close_) {
    write([&] { return fdt_end_node(buffer_.data()); });
  }
}

Bytes TreeWriter::finish() && {
  if (innermost_ != nullptr) {
    throw LoadError{"device tree: node '{}' is still open at the end", innermost_->name_};
  }
  if (phandles_answered_ != phandles_given_out_) {
    throw LoadError{"device tree: found {} nodes with a phandle, expected {}", phandles_answered_,
                    phandles_given_out_};
  }
  close_nodes();
  write([&] { return fdt_finish(buffer_.data()); });
  buffer_.resize(fdt_totalsize(buffer_.data()));
  return std::move(buffer_);
}

TreeWriter::Node::Node(TreeWriter& tree, const std::string& name)
    : tree_{tree}, parent_{tree.innermost_}, name_{name} {
  tree_.close_nodes();
  tree_.write([&] { return fdt_begin_node(tree_.buffer_.data(), name_.c_str()); });
  if (parent_ != nullptr) parent_->has_children_ = true;
  tree_.innermost_ = this;
}

TreeWriter::Node::~Node() {
  tree_.innermost_ = parent_;
  ++tree_.nodes_to_close_;
}

void TreeWriter::Node::bytes(const char* name, std::span<const std::byte> bytes) {
  if (tree_.innermost_ != this || has_children_) {
    throw LoadError{"device tree: node '{}': property {} follows a child", name_, name};
  }
  const int size_bytes = static_cast<int>(std::min(bytes.size(), max_buffer_bytes));
  tree_.write([&] { return fdt_property(tree_.buffer_.data(), name, bytes.data(), size_bytes); });
}

void TreeWriter::Node::flag(const char* name) {
  bytes(name, {});
}
void TreeWriter::Node::cells(const char* name, const Cells& cells) {
  bytes(name, cells.bytes());
}
void TreeWriter::Node::u32(const char* name, std::uint32_t value) {
  cells(name, Cells{}.u32(value));
}
void TreeWriter::Node::u64(const char* name, std::uint64_t value) {
  cells(name, Cells{}.u64(value));
}
void TreeWriter::Node::reference(const char* name, Phandle to) {
  u32(name, to.value);
}
void TreeWriter::Node::string(const char* name, std::string_view text) {
  strings(name, {text});
}

void TreeWriter::Node::strings(const char* name, std::initializer_list<std::string_view> texts) {
  Bytes value;
  for (const std::string_view text : texts) append_string(value, text, name);
  bytes(name, value);
}

void TreeWriter::Node::answer_to(Phandle phandle) {
  ++tree_.phandles_answered_;
  reference("phandle", phandle);
}

}  // namespace loader::arm64
