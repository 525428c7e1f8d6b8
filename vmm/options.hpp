// The command line, turned into checked values.
//
// Trust: the words are the operator's. Whatever is wrong with them is said in one line that names
//        the option, what was found and what was expected; nothing has been touched by then.
#pragma once

#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <variant>

#include "runtime/log.hpp"
#include "vmm/config.hpp"

namespace vmm {

/// One line for the operator; exit status exit_status::bad_usage.
class BadUsage final : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct Options {
  MachineConfig machine;
  PowerActions power;
  std::optional<std::string> timeline_path;  ///< "-" is standard output
  bool explain_boot = false;
  bool dry_run = false;
  std::optional<std::string> pidfile_path;
  runtime::log::Level log_level = runtime::log::Level::Warning;
};

/// --help or --version: print it and be done.
struct Answer {
  std::string text;
};

/// `arguments` without the program's name. Throws BadUsage.
[[nodiscard]] std::variant<Options, Answer> parse_options(std::span<const char* const> arguments);

}  // namespace vmm
