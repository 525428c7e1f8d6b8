#include "loader/acpi/pci.hpp"

#include <cstdint>

#include "loader/acpi/aml.hpp"
#include "loader/acpi/table.hpp"

namespace loader::acpi {

using namespace aml;

namespace {

struct [[gnu::packed]] Mcfg {
  std::uint64_t reserved = 0;
  std::uint64_t ecam;  // where that of bus 0 would be
  std::uint16_t segment = 0;
  std::uint8_t first_bus = 0;
  std::uint8_t last_bus;
  std::uint32_t reserved2 = 0;
};
static_assert(sizeof(Mcfg) == 24);

/// Whatever the system asks to control, it may: nothing here has firmware of its own. The answer is
/// the question, but for what we do not know, of which the first word says so.
Bytes operating_system_capabilities() {
  constexpr std::uint64_t unknown_uuid = 1 << 2;
  const Bytes status = path("CDW1");
  return method("_OSC",
                {create_dword_field(argument(3), 0, "CDW1"),
                 if_different(argument(0), uuid("33DB4D5B-1FF7-401C-9657-7441C03DD766"),
                              {or_into(status, integer(unknown_uuid), status)}),
                 return_value(argument(3))},
                Arguments::Four, Calls::OneAtATime);
}

}  // namespace

Bytes pci_root(const PciHost& host) {
  Terms handed_on{bus_numbers(0, host.last_bus()),
                  qword_memory(host.window, MemoryUse::UncachedWindow)};
  if (host.ports) handed_on.push_back(port_window(*host.ports));
  return join(
      {device("PCI0", {name("_HID", eisa_id("PNP0A08")), name("_CID", eisa_id("PNP0A03")),
                       name("_UID", integer(0)), name("_SEG", integer(0)), name("_BBN", integer(0)),
                       name("_CCA", integer(1)), operating_system_capabilities(),
                       name("_CRS", resources(handed_on))}),
       device("ECAM", {name("_HID", eisa_id("PNP0C02")), name("_UID", integer(0)),
                       name("_CRS", resources({qword_memory(host.ecam, MemoryUse::Registers)}))})});
}

Bytes make_mcfg(const PciHost& host) {
  constexpr std::uint8_t revision = 1;
  return Table{"MCFG", revision}
      .append(Mcfg{.ecam = host.ecam.start.value, .last_bus = host.last_bus()})
      .finish();
}

}  // namespace loader::acpi
