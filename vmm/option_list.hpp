// The options as CLI11 is told of them: no more than it may need.
#pragma once

#include <CLI/App.hpp>
#include <algorithm>
#include <span>
#include <string>
#include <string_view>

namespace vmm {

/// Describes to CLI11 the options that the arguments may mention, all of them if help may be asked
/// for. Each that it knows costs it as much as reading one, and few are used at a time.
class OptionList {
 public:
  /// What is further said of an option, to CLI11 or to nobody.
  class Described {
   public:
    explicit Described(CLI::Option* option) : option_{option} {}
    Described* operator->() { return this; }
    Described& type_name(const char* name) {
      if (option_ != nullptr) option_->type_name(name);
      return *this;
    }
    Described& allow_extra_args(bool allowed) {
      if (option_ != nullptr) option_->allow_extra_args(allowed);
      return *this;
    }
    Described& group(const char* name) {
      if (option_ != nullptr) option_->group(name);
      return *this;
    }

   private:
    CLI::Option* option_;
  };

  OptionList(CLI::App& app, std::span<const char* const> arguments)
      : app_{app}, arguments_{arguments}, help_{may_mention("-h,--help")} {}

  template <typename Target>
  Described add_option(std::string_view names, Target& target, std::string_view help) {
    if (!wanted(names)) return Described{nullptr};
    return Described{app_.add_option(std::string{names}, target, std::string{help})};
  }

  Described add_flag(std::string_view names, bool& target, std::string_view help) {
    if (!wanted(names)) return Described{nullptr};
    return Described{app_.add_flag(std::string{names}, target, std::string{help})};
  }

 private:
  [[nodiscard]] bool wanted(std::string_view names) const { return help_ || may_mention(names); }

  /// `names` is "-k,--kernel" or "--kernel". A letter may stand among others behind one dash, a
  /// word may have its value behind it.
  [[nodiscard]] bool may_mention(std::string_view names) const {
    const std::string_view word = names.substr(names.find("--"));
    const std::string_view letter = names.starts_with("--") ? "" : names.substr(1, 1);
    return std::ranges::any_of(arguments_, [&](std::string_view argument) {
      if (argument.starts_with("--")) return argument.starts_with(word);
      return argument.starts_with('-') && !letter.empty() && argument.find(letter) != argument.npos;
    });
  }

  CLI::App& app_;
  std::span<const char* const> arguments_;
  bool help_;
};

}  // namespace vmm
