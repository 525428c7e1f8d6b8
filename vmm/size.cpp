#include "vmm/size.hpp"

#include <fmt/format.h>

#include <charconv>
#include <string_view>

namespace vmm {
namespace {

constexpr std::string_view suffixes = "KMGT";
constexpr unsigned bits_per_suffix = 10;

}  // namespace

std::optional<std::uint64_t> parse_size(std::string_view text) {
  std::uint64_t number = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return std::nullopt;
  const std::string_view suffix{rest, static_cast<std::size_t>(text.data() + text.size() - rest)};
  if (suffix.empty()) return number;
  const char upper = static_cast<char>(suffix[0] & ~0x20);
  const auto index = suffixes.find(upper);
  if (suffix.size() != 1 || index == std::string_view::npos) return std::nullopt;
  const unsigned shift = bits_per_suffix * (static_cast<unsigned>(index) + 1);
  if (number > (~std::uint64_t{0} >> shift)) return std::nullopt;
  return number << shift;
}

std::string format_size(std::uint64_t size_bytes) {
  std::string_view suffix;
  for (std::size_t i = 0; i < suffixes.size(); ++i) {
    if (size_bytes == 0 || size_bytes % (1u << bits_per_suffix) != 0) break;
    size_bytes >>= bits_per_suffix;
    suffix = suffixes.substr(i, 1);
  }
  return fmt::format("{}{}", size_bytes, suffix);
}

}  // namespace vmm
