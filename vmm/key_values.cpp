#include "vmm/key_values.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>
#include <utility>

#include "vmm/options.hpp"

namespace vmm {
namespace {

template <typename... Args>
[[noreturn]] void refuse(fmt::format_string<Args...> message, Args&&... args) {
  throw BadUsage{fmt::format(message, std::forward<Args>(args)...)};
}

/// Splits at single commas; two in a row are one that belongs to the part.
std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> parts(1);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool comma = text[i] == ',';
    if (comma && text.substr(i + 1, 1) != ",") {
      parts.emplace_back();
      continue;
    }
    parts.back() += text[i];
    if (comma) ++i;
  }
  return parts;
}

}  // namespace

KeyValues::KeyValues(std::string_view option, std::string_view text) : option_{option} {
  for (const std::string& part : split(text)) {
    const std::size_t equals = part.find('=');
    std::string name = part.substr(0, equals);
    if (name.empty())
      refuse("{}: found '{}' with an empty part, expected KEY=VALUE,...", option, text);
    std::optional<std::string> value;
    if (equals != std::string::npos) value = part.substr(equals + 1);
    parts_.push_back({.name = std::move(name), .value = std::move(value)});
  }
}

std::vector<KeyValues::Part*> KeyValues::find(std::string_view name) {
  std::vector<Part*> found;
  for (Part& part : parts_) {
    if (part.name != name) continue;
    part.taken = true;
    found.push_back(&part);
  }
  return found;
}

bool KeyValues::take_flag(std::string_view name) {
  expected_.emplace_back(name);
  const std::vector<Part*> found = find(name);
  for (const Part* const part : found) {
    if (part->value)
      refuse("{}: found {}={}, expected {} alone", option_, name, *part->value, name);
  }
  if (found.size() > 1) refuse("{}: found {} twice, expected it once", option_, name);
  return !found.empty();
}

std::vector<std::string> KeyValues::take_all(std::string_view key) {
  expected_.push_back(fmt::format("{}=", key));
  std::vector<std::string> values;
  for (const Part* const part : find(key)) {
    if (!part->value || part->value->empty()) {
      refuse("{}: found {} without a value, expected {}=VALUE", option_, key, key);
    }
    values.push_back(*part->value);
  }
  return values;
}

std::optional<std::string> KeyValues::take(std::string_view key) {
  std::vector<std::string> values = take_all(key);
  if (values.empty()) return std::nullopt;
  if (values.size() > 1) refuse("{}: found {}= twice, expected it once", option_, key);
  return std::move(values.front());
}

std::optional<std::uint32_t> KeyValues::take_number(std::string_view key, std::uint32_t least,
                                                    std::uint32_t most) {
  const std::optional<std::string> text = take(key);
  if (!text) return std::nullopt;
  std::uint32_t number = 0;
  const char* const last = text->data() + text->size();
  const auto [end, error] = std::from_chars(text->data(), last, number);
  if (error != std::errc{} || end != last || number < least || number > most) {
    refuse("{}: found {}={}, expected a number from {} to {}", option_, key, *text, least, most);
  }
  return number;
}

void KeyValues::finish() const {
  for (const Part& part : parts_) {
    if (part.taken) continue;
    refuse("{}: found '{}', expected {}", option_, part.name, fmt::join(expected_, ", "));
  }
}

}  // namespace vmm
