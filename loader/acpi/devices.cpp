#include "loader/acpi/devices.hpp"

#include <string>

#include <fmt/core.h>

#include "loader/acpi/aml.hpp"

namespace loader::acpi {

using namespace aml;

namespace {

/// P001 .. P999, Q000 .. : the letter counts thousands.
std::string processor_name(std::size_t uid) {
  return fmt::format("{}{:03}", static_cast<char>('P' + uid / 1000), uid % 1000);
}

}  // namespace

Bytes processors(std::size_t count) {
  Terms nodes;
  for (std::size_t uid = 1; uid <= count; ++uid) {
    nodes.push_back(device(processor_name(uid),
                           {name("_HID", string("ACPI0007")), name("_UID", integer(uid))}));
  }
  return join(nodes);
}

Bytes virtio_mmio(std::size_t index, platform::AddressRange registers, platform::Gsi pin,
                  const Bytes& more) {
  return device(fmt::format("VI{:02}", index),
                {name("_HID", string("LNRO0005")), name("_UID", integer(index)),
                 name("_CRS", resources({qword_memory(registers, MemoryUse::Registers),
                                         interrupt(pin, Trigger::Edge, Sharing::Exclusive)})),
                 more});
}

Bytes mmio_windows(platform::AddressRange low, std::optional<platform::AddressRange> high,
                   const Bytes& devices) {
  Terms ranges{qword_memory(low, MemoryUse::Window)};
  if (high) ranges.push_back(qword_memory(*high, MemoryUse::Window));
  return device("VMOD", {name("_HID", string("ACPI0004")), name("_UID", integer(0)),
                         name("_CRS", resources(ranges)), devices});
}

Bytes vmbus(const Bytes& more) {
  const Bytes status = path("STA");
  return device("VMBS", {name("STA", integer(0xF)), name("_HID", string("VMBus")),
                         name("_DDN", string("VMBUS")), name("_UID", integer(0)), more,
                         method("_DIS", {and_into(status, integer(0xD), status)}),
                         method("_PS0", {or_into(status, integer(0xF), status)}),
                         method("_PS3", {}), method("_STA", {return_value(status)})});
}

}  // namespace loader::acpi
