// Lines that describe a machine to a person: --dry-run's own.
#pragma once

#include <fmt/format.h>

#include <iterator>
#include <string>
#include <string_view>

#include "platform/address.hpp"
#include "vmm/config.hpp"

namespace vmm {

class Description {
 public:
  template <typename... Args>
  void line(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(text_), format, std::forward<Args>(args)...);
    text_ += '\n';
  }
  void range(platform::AddressRange range, std::string_view what);
  void ports(platform::PortRange ports, std::string_view what);

  [[nodiscard]] std::string take() && { return std::move(text_); }

 private:
  std::string text_;
};

/// As the command line spells it.
[[nodiscard]] std::string name(const SerialBackend& backend);

/// The first line: architecture, processors, RAM.
void describe_size(Description& out, const MachineConfig& config);

}  // namespace vmm
