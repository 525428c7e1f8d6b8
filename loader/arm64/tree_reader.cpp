#include "loader/arm64/tree_reader.hpp"

#include <algorithm>
#include <cstring>

#include <libfdt.h>

#include "loader/arm64/machine_tree.hpp"

namespace loader::arm64 {
namespace {

constexpr std::size_t cell_bytes = 4;
constexpr std::size_t header_bytes = 40;  // of version 17
constexpr std::uint32_t version = 17;
/// Eight times what the specification allows. libfdt looks for a name's end whenever it reads one.
constexpr std::size_t max_property_name = 255;

void check(int result) {
  if (result < 0) throw BadImage{"device tree: found {}", fdt_strerror(result)};
}

std::uint32_t cell_at(std::span<const std::byte> bytes, std::size_t index) {
  fdt32_t cell;
  std::memcpy(&cell, bytes.data() + index * cell_bytes, sizeof cell);
  return fdt32_to_cpu(cell);
}

std::uint64_t number_of(std::span<const std::uint32_t> cells) {
  std::uint64_t number = 0;
  for (const std::uint32_t cell : cells) number = number << 32 | cell;
  return number;
}

/// Takes the first text off `list`, which has one; nothing if no NUL ends it.
std::optional<std::string_view> take_text(std::string_view& list) {
  const std::size_t size = list.find('\0');
  if (size == std::string_view::npos) return std::nullopt;
  const std::string_view text = list.substr(0, size);
  list.remove_prefix(size + 1);
  return text;
}

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

void check_property_names(const void* fdt) {
  std::string_view names{static_cast<const char*>(fdt) + fdt_off_dt_strings(fdt),
                         fdt_size_dt_strings(fdt)};
  while (!names.empty()) {
    const auto name = take_text(names);
    if (!name || name->size() > max_property_name) {
      throw BadImage{"device tree: found a property name without an end, expected one in {} bytes",
                     max_property_name};
    }
  }
}

}  // namespace

TreeReader::TreeReader(std::span<const std::byte> bytes) {
  if (bytes.size() < header_bytes || bytes.size() > max_tree_bytes) {
    throw BadImage{"device tree: found {} bytes, expected {}..{}", bytes.size(), header_bytes,
                   max_tree_bytes};
  }
  bytes_.assign(bytes.begin(), bytes.end());
  check(fdt_check_header(fdt()));
  if (fdt_version(fdt()) < version || fdt_totalsize(fdt()) > bytes_.size()) {
    throw BadImage{"device tree: found version {} and {} bytes, expected version {} and {} bytes",
                   fdt_version(fdt()), bytes_.size(), version, fdt_totalsize(fdt())};
  }
  check_property_names(fdt());
  check(fdt_check_full(fdt(), bytes_.size()));
  int result = 0;
  if (fdt_get_name(fdt(), 0, &result) == nullptr) check(result);
}

std::optional<int> TreeReader::offset_of(std::string_view path) const {
  path = path.substr(0, path.find(':'));
  if (!path.starts_with('/')) {
    const int aliases = fdt_path_offset(fdt(), "/aliases");
    int size_bytes = 0;
    const void* const value = fdt_getprop_namelen(fdt(), aliases, path.data(),
                                                  static_cast<int>(path.size()), &size_bytes);
    if (value == nullptr) return std::nullopt;
    path = {static_cast<const char*>(value), static_cast<std::size_t>(size_bytes)};
    path = path.substr(0, path.find('\0'));
    // libfdt follows aliases of aliases, around and around.
    if (!path.starts_with('/')) return std::nullopt;
  }
  const int offset = fdt_path_offset_namelen(fdt(), path.data(), static_cast<int>(path.size()));
  return offset < 0 ? std::nullopt : std::optional{offset};
}

std::string_view TreeNode::name() const {
  int size = 0;
  const char* const name = fdt_get_name(tree_->fdt(), offset_, &size);
  check(size);
  return {name, static_cast<std::size_t>(size)};
}

/// For messages: of one line, and not long.
std::string TreeNode::path() const {
  std::string path(128, '\0');
  if (fdt_get_path(tree_->fdt(), offset_, path.data(), static_cast<int>(path.size())) < 0) {
    path = name().substr(0, path.size());
  }
  path.resize(std::strlen(path.c_str()));
  std::ranges::replace_if(
      path, [](char letter) { return letter < ' ' || letter > '~'; }, '?');
  return path;
}

bool TreeNode::is_enabled() const {
  return !has("status") || index_of("status", "okay") == 0u || index_of("status", "ok") == 0u;
}

std::vector<TreeNode> TreeNode::children() const {
  const Bus own = bus();
  std::vector<TreeNode> children;
  int child = 0;
  fdt_for_each_subnode(child, tree_->fdt(), offset_) children.push_back({*tree_, child, own});
  if (child != -FDT_ERR_NOTFOUND) check(child);
  return children;
}

std::optional<std::span<const std::byte>> TreeNode::find(const char* property) const {
  int size = 0;
  const void* const value = fdt_getprop(tree_->fdt(), offset_, property, &size);
  if (value == nullptr) {
    if (size != -FDT_ERR_NOTFOUND) check(size);
    return std::nullopt;
  }
  return std::span{static_cast<const std::byte*>(value), static_cast<std::size_t>(size)};
}

std::optional<std::uint32_t> TreeNode::find_u32(const char* property) const {
  const auto value = find(property);
  if (!value) return std::nullopt;
  if (value->size() != cell_bytes) {
    complain(property, "found {} bytes, expected {}", value->size(), cell_bytes);
  }
  return cell_at(*value, 0);
}

std::optional<std::size_t> TreeNode::index_of(const char* property, std::string_view text) const {
  const auto value = find(property);
  if (!value) return std::nullopt;
  std::string_view list = text_of(*value);
  for (std::size_t index = 0; !list.empty(); ++index) {
    const auto next = take_text(list);
    if (!next) complain(property, "found a text without an end, expected a NUL there");
    if (*next == text) return index;
  }
  return std::nullopt;
}

std::span<const std::byte> TreeNode::bytes(const char* property) const {
  const auto value = find(property);
  if (!value) complain(property, "found none, expected one");
  return *value;
}

std::uint32_t TreeNode::u32(const char* property) const {
  const auto value = find_u32(property);
  if (!value) complain(property, "found none, expected one");
  return *value;
}

std::uint64_t TreeNode::number(const char* property) const {
  const auto value = cells(property);
  if (value.size() > 2) complain(property, "found {} cells, expected 1 or 2", value.size());
  return number_of(value);
}

std::string_view TreeNode::text(const char* property) const {
  std::string_view list = text_of(bytes(property));
  const auto text = take_text(list);
  if (!text || !list.empty()) complain(property, "found bytes that are not one text");
  return *text;
}

std::vector<std::uint32_t> TreeNode::cells(const char* property, std::size_t record_cells) const {
  const auto value = bytes(property);
  const std::size_t record_bytes = record_cells * cell_bytes;
  if (value.empty() || value.size() % record_bytes != 0) {
    complain(property, "found {} bytes, expected a multiple of {}", value.size(), record_bytes);
  }
  std::vector<std::uint32_t> cells(value.size() / cell_bytes);
  for (std::size_t index = 0; index < cells.size(); ++index) cells[index] = cell_at(value, index);
  return cells;
}

TreeNode::Bus TreeNode::bus() const {
  const Bus defaults;
  return {find_u32("#address-cells").value_or(defaults.address_cells),
          find_u32("#size-cells").value_or(defaults.size_cells),
          has("interrupt-parent") ? find_u32("interrupt-parent") : bus_.interrupt_parent};
}

void TreeNode::check_cells(const char* property, const Bus& bus) const {
  if (bus.address_cells < 1 || bus.address_cells > 2 || bus.size_cells > 2) {
    complain(property, "found {} address and {} size cells, expected 1 or 2", bus.address_cells,
             bus.size_cells);
  }
}

platform::AddressRange TreeNode::range(const char* property, std::span<const std::uint32_t> start,
                                       std::span<const std::uint32_t> size) const {
  const std::uint64_t first = number_of(start);
  const std::uint64_t size_bytes = number_of(size);
  if (size_bytes > ~first) {
    complain(property, "found {:#x} bytes at {:#x}, expected an end", size_bytes, first);
  }
  return {{first}, size_bytes};
}

std::vector<platform::AddressRange> TreeNode::registers() const {
  check_cells("reg", bus_);
  const std::size_t record_cells = bus_.address_cells + bus_.size_cells;
  const auto values = cells("reg", record_cells);
  std::vector<platform::AddressRange> ranges;
  for (std::size_t at = 0; at < values.size(); at += record_cells) {
    const auto record = std::span{values}.subspan(at, record_cells);
    ranges.push_back(
        range("reg", record.first(bus_.address_cells), record.subspan(bus_.address_cells)));
  }
  return ranges;
}

std::vector<platform::AddressRange> TreeNode::windows() const {
  const Bus own = bus();
  check_cells("ranges", bus_);
  check_cells("ranges", own);
  const std::size_t record_cells = own.address_cells + bus_.address_cells + own.size_cells;
  const auto values = cells("ranges", record_cells);
  std::vector<platform::AddressRange> windows;
  for (std::size_t at = 0; at < values.size(); at += record_cells) {
    const auto record = std::span{values}.subspan(at, record_cells);
    const auto above = record.subspan(own.address_cells, bus_.address_cells);
    if (number_of(record.first(own.address_cells)) != number_of(above)) {
      complain("ranges", "found {:#x}, expected the same address on both sides", number_of(above));
    }
    windows.push_back(range("ranges", above, record.last(own.size_cells)));
  }
  return windows;
}

std::vector<TreeNode::PciWindow> TreeNode::pci_windows() const {
  constexpr std::size_t own_cells = 3;
  constexpr std::size_t size_cells = 2;
  check_cells("ranges", bus_);
  if (const Bus own = bus(); own.address_cells != own_cells || own.size_cells != size_cells) {
    complain("ranges", "found {} address and {} size cells, expected {} and {}", own.address_cells,
             own.size_cells, own_cells, size_cells);
  }
  const std::size_t record_cells = own_cells + bus_.address_cells + size_cells;
  const auto values = cells("ranges", record_cells);
  std::vector<PciWindow> windows;
  for (std::size_t at = 0; at < values.size(); at += record_cells) {
    const auto record = std::span{values}.subspan(at, record_cells);
    windows.push_back(
        {record[0],
         {number_of(record.subspan(1, own_cells - 1))},
         range("ranges", record.subspan(own_cells, bus_.address_cells), record.last(size_cells))});
  }
  return windows;
}

std::uint32_t TreeNode::interrupt_parent() const {
  const auto parent =
      has("interrupt-parent") ? find_u32("interrupt-parent") : bus_.interrupt_parent;
  if (!parent) complain("interrupt-parent", "found none here and above, expected one");
  return *parent;
}

}  // namespace loader::arm64
