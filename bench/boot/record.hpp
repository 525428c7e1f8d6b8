// A record: names with a text or a number each, on one line as JSON. Samples are kept so, and
// Mayfly's timeline comes so. Objects inside a line are flattened: {"exits":{"port_read":3}} is
// exits.port_read.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace bench {

class Record {
 public:
  using Value = std::variant<double, std::string>;
  using Entry = std::pair<std::string, Value>;

  void set(std::string name, double number) { set_value(std::move(name), number); }
  void set(std::string name, std::string text) { set_value(std::move(name), std::move(text)); }

  [[nodiscard]] std::optional<double> number(std::string_view name) const;
  [[nodiscard]] std::optional<std::string> text(std::string_view name) const;
  /// In the order in which they were set.
  [[nodiscard]] const std::vector<Entry>& values() const { return values_; }

  [[nodiscard]] std::string to_json() const;

 private:
  void set_value(std::string name, Value value);
  [[nodiscard]] const Value* find(std::string_view name) const;

  std::vector<Entry> values_;
};

/// Nothing if the line is no JSON object of numbers, texts, truth values and such objects.
[[nodiscard]] std::optional<Record> parse_record(std::string_view line);

}  // namespace bench
