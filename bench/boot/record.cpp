#include "bench/boot/record.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace bench {

std::optional<double> Record::number(std::string_view name) const {
  const auto* value = find(name);
  if (!value || !std::holds_alternative<double>(*value)) return std::nullopt;
  return std::get<double>(*value);
}

std::optional<std::string> Record::text(std::string_view name) const {
  const auto* value = find(name);
  if (!value || !std::holds_alternative<std::string>(*value)) return std::nullopt;
  return std::get<std::string>(*value);
}

void Record::set_value(std::string name, Value value) {
  const auto at = std::ranges::find(values_, name, &Entry::first);
  if (at == values_.end()) {
    values_.emplace_back(std::move(name), std::move(value));
  } else {
    at->second = std::move(value);
  }
}

const Record::Value* Record::find(std::string_view name) const {
  const auto at = std::ranges::find(values_, name, &Entry::first);
  return at == values_.end() ? nullptr : &at->second;
}

namespace {

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", c);
    } else {
      out += c;
    }
  }
  return out + '"';
}

/// A parser for just the JSON that records need; every step says whether it went well.
class Parser {
 public:
  explicit Parser(std::string_view text) : rest_{text} {}

  std::optional<Record> parse() {
    if (!object("") || !at_end()) return std::nullopt;
    return std::move(record_);
  }

 private:
  void skip_space() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size()));
  }

  bool take(char wanted) {
    skip_space();
    if (rest_.empty() || rest_.front() != wanted) return false;
    rest_.remove_prefix(1);
    return true;
  }

  bool at_end() {
    skip_space();
    return rest_.empty();
  }

  std::optional<std::string> string() {
    if (!take('"')) return std::nullopt;
    std::string out;
    while (!rest_.empty()) {
      const char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '"') return out;
      if (c != '\\') {
        out += c;
      } else if (!rest_.empty() && !escaped(out)) {
        return std::nullopt;
      }
    }
    return std::nullopt;
  }

  bool escaped(std::string& out) {
    const char kind = rest_.front();
    rest_.remove_prefix(1);
    if (kind != 'u') {
      out += kind == 'n' ? '\n' : kind == 't' ? '\t' : kind;
      return true;
    }
    constexpr std::size_t digits = 4;
    unsigned code = 0;
    const auto* const end = rest_.data() + std::min(digits, rest_.size());
    const auto result = std::from_chars(rest_.data(), end, code, 16);
    if (result.ec != std::errc{} || result.ptr != rest_.data() + digits || code > 0x7f)
      return false;
    rest_.remove_prefix(digits);
    out += static_cast<char>(code);
    return true;
  }

  bool object(const std::string& prefix) {
    if (!take('{')) return false;
    if (take('}')) return true;
    do {
      const auto name = string();
      if (!name || !take(':') || !value(prefix + *name)) return false;
    } while (take(','));
    return take('}');
  }

  bool value(const std::string& name) {
    skip_space();
    if (rest_.starts_with('{')) return object(name + '.');
    if (rest_.starts_with('"')) {
      auto text = string();
      if (text) record_.set(name, std::move(*text));
      return text.has_value();
    }
    for (const auto& [word, number] : {std::pair{"true", 1.0}, {"false", 0.0}}) {
      if (rest_.starts_with(word)) {
        rest_.remove_prefix(std::string_view{word}.size());
        record_.set(name, number);
        return true;
      }
    }
    double number = 0;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), number);
    if (error != std::errc{}) return false;
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    record_.set(name, number);
    return true;
  }

  std::string_view rest_;
  Record record_;
};

}  // namespace

std::string Record::to_json() const {
  std::string out;
  for (const auto& [name, value] : values_) {
    out += out.empty() ? '{' : ',';
    out += quoted(name) + ':';
    if (const auto* text = std::get_if<std::string>(&value)) {
      out += quoted(*text);
    } else {
      const double number = std::get<double>(value);
      out +=
          number == std::floor(number) ? fmt::format("{:.0f}", number) : fmt::format("{}", number);
    }
  }
  return out.empty() ? "{}" : out + '}';
}

std::optional<Record> parse_record(std::string_view line) {
  return Parser{line}.parse();
}

}  // namespace bench
