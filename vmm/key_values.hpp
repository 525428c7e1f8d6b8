// The value of an option that has many parts: `file=a.raw,ro,queues=4`.
//
// A part is a flag (`ro`) or `key=VALUE`; a comma inside a value is written twice. Whoever knows
// the option asks for each part by its name, then says finish().
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vmm {

class KeyValues {
 public:
  /// `option` goes into every refusal. Throws BadUsage, as all below do, if a part is empty.
  KeyValues(std::string_view option, std::string_view text);

  /// Whether the flag is there. Refuses it with a value.
  [[nodiscard]] bool take_flag(std::string_view name);
  /// The value, if the key is there. Refuses an empty one, none at all, and a second one.
  [[nodiscard]] std::optional<std::string> take(std::string_view key);
  /// The same for a key that may be there many times.
  [[nodiscard]] std::vector<std::string> take_all(std::string_view key);
  /// The same for a whole number from `least` to `most`.
  [[nodiscard]] std::optional<std::uint32_t> take_number(std::string_view key, std::uint32_t least,
                                                         std::uint32_t most);

  /// Refuses what nobody has asked for.
  void finish() const;

 private:
  struct Part {
    std::string name;
    std::optional<std::string> value;
    bool taken = false;
  };

  [[nodiscard]] std::vector<Part*> find(std::string_view name);

  std::string option_;
  std::vector<Part> parts_;
  std::vector<std::string> expected_;  // what was asked for
};

}  // namespace vmm
