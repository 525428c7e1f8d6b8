#include "vmm/description.hpp"

#include "vmm/size.hpp"

namespace vmm {

void Description::range(platform::AddressRange range, std::string_view what) {
  line("  {:#014x} - {:#014x}  {}", range.start.value, range.end().value - 1, what);
}

void Description::ports(platform::PortRange ports, std::string_view what) {
  std::string numbers = fmt::format("{:#05x}", ports.first.value);
  if (ports.count > 1) numbers += fmt::format("-{:#05x}", ports.last().value);
  line("  port {:<15}{}", numbers, what);
}

std::string name(const SerialBackend& backend) {
  switch (backend.kind) {
    case SerialBackend::Kind::None:
      return "none";
    case SerialBackend::Kind::Console:
      return "console";
    case SerialBackend::Kind::Stderr:
      return "stderr";
    case SerialBackend::Kind::File:
      return "file=" + backend.path;
    case SerialBackend::Kind::Listen:
      return "listen=" + backend.path;
    case SerialBackend::Kind::Pty:
      return "pty";
  }
  return "?";
}

void describe_size(Description& out, const MachineConfig& config) {
  out.line("machine  {}, {} processor{}, {} of RAM", name(config.architecture), config.processors,
           config.processors == 1 ? "" : "s", format_size(config.memory_bytes));
}

}  // namespace vmm
