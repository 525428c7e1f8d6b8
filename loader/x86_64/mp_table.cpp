#include "loader/x86_64/mp_table.hpp"

#include <bit>
#include <cstdint>

namespace loader::x86_64::mp {
namespace {

constexpr std::uint8_t revision_1_4 = 4;
constexpr std::uint32_t local_apic_address = 0xFEE0'0000;
constexpr std::uint32_t last_apic_id = 0xFE;  // 0xFF stands for all
constexpr std::uint8_t isa_bus = 0;
constexpr std::uint8_t isa_interrupts = 16;

enum class Interrupt : std::uint8_t { Vectored, Nmi, Smi, FromPic };
constexpr std::uint16_t as_the_bus_does = 0;
constexpr std::uint16_t active_high_level = 0x000D;

struct [[gnu::packed]] Header {
  std::array<char, 4> signature{'P', 'C', 'M', 'P'};
  std::uint16_t length = 0;
  std::uint8_t revision = revision_1_4;
  std::uint8_t checksum = 0;
  std::array<char, 8> manufacturer{'M', 'A', 'Y', 'F', 'L', 'Y', ' ', ' '};
  std::array<char, 12> product{'V', 'M', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' '};
  std::uint32_t oem_table = 0;
  std::uint16_t oem_table_size = 0;
  std::uint16_t entry_count = 0;
  std::uint32_t local_apic = local_apic_address;
  std::uint16_t extended_length = 0;
  std::uint8_t extended_checksum = 0;
  std::uint8_t reserved = 0;
};
struct [[gnu::packed]] Processor {
  static constexpr std::uint8_t enabled = 1 << 0;
  static constexpr std::uint8_t boot = 1 << 1;
  std::uint8_t type = 0;
  std::uint8_t apic_id;
  std::uint8_t apic_version = 0x14;
  std::uint8_t flags;
  std::uint32_t signature = 0;
  std::uint32_t features = 1 << 9 | 1 << 0;  // APIC, FPU; CPUID has them all
  std::array<std::uint8_t, 8> reserved{};
};
struct [[gnu::packed]] Bus {
  std::uint8_t type = 1;
  std::uint8_t id = isa_bus;
  std::array<char, 6> name{'I', 'S', 'A', ' ', ' ', ' '};
};
struct [[gnu::packed]] IoApic {
  static constexpr std::uint8_t enabled = 1;
  std::uint8_t type = 2;
  std::uint8_t id;
  std::uint8_t version = 0x11;
  std::uint8_t flags = enabled;
  std::uint32_t address;
};
/// Type 3: from a bus to a pin of an I/O APIC. Type 4: to a pin of local APICs.
struct [[gnu::packed]] InterruptAssignment {
  std::uint8_t type;
  Interrupt interrupt;
  std::uint16_t flags = as_the_bus_does;
  std::uint8_t source_bus = isa_bus;
  std::uint8_t source_interrupt = 0;
  std::uint8_t apic_id;
  std::uint8_t pin;
};
struct [[gnu::packed]] FloatingPointer {
  std::array<char, 4> signature{'_', 'M', 'P', '_'};
  std::uint32_t table;
  std::uint8_t paragraphs = 1;
  std::uint8_t revision = revision_1_4;
  std::uint8_t checksum = 0;
  std::array<std::uint8_t, 5> features{};  // a table follows; no IMCR: virtual wire mode
};
static_assert(sizeof(Header) == 44 && sizeof(Processor) == 20 && sizeof(Bus) == 8);
static_assert(sizeof(IoApic) == 8 && sizeof(InterruptAssignment) == 8);
static_assert(sizeof(FloatingPointer) == 16);

/// Entries, in the order of their types, and their number.
struct Entries {
  Bytes bytes;
  std::uint16_t count = 0;

  template <typename Entry>
  void add(const Entry& entry) {
    append(bytes, entry);
    ++count;
  }
};

void add_processors(const acpi::x86_64::Machine& machine, Entries& entries) {
  std::uint8_t boot = Processor::boot;
  for (const acpi::x86_64::Processor& processor : machine.processors) {
    if (processor.apic_id > last_apic_id) continue;
    entries.add(Processor{.apic_id = static_cast<std::uint8_t>(processor.apic_id),
                          .flags = static_cast<std::uint8_t>(Processor::enabled | boot)});
    boot = 0;
  }
}

void add_interrupts(const acpi::x86_64::Machine& machine, Entries& entries) {
  const std::uint32_t sci = machine.power.interrupt.value;
  for (std::uint8_t i = 0; i < isa_interrupts; ++i) {
    entries.add(InterruptAssignment{.type = 3,
                                    .interrupt = Interrupt::Vectored,
                                    .flags = i == sci ? active_high_level : as_the_bus_does,
                                    .source_interrupt = i,
                                    .apic_id = machine.io_apic.id,
                                    .pin = i});
  }
  constexpr std::array local_interrupts{Interrupt::FromPic, Interrupt::Nmi};
  constexpr std::uint8_t all_local_apics = 0xFF;
  for (std::uint8_t i = 0; i < local_interrupts.size(); ++i) {
    entries.add(InterruptAssignment{
        .type = 4, .interrupt = local_interrupts[i], .apic_id = all_local_apics, .pin = i});
  }
}

}  // namespace

Bytes configuration_table(const acpi::x86_64::Machine& machine) {
  Entries entries;
  add_processors(machine, entries);
  entries.add(Bus{});
  entries.add(IoApic{.id = machine.io_apic.id,
                     .address = static_cast<std::uint32_t>(machine.io_apic.address.value)});
  add_interrupts(machine, entries);

  Header header;
  header.length = static_cast<std::uint16_t>(sizeof header + entries.bytes.size());
  header.entry_count = entries.count;
  Bytes table;
  append(table, header);
  append(table, entries.bytes);
  header.checksum = std::to_integer<std::uint8_t>(checksum(table));
  table[offsetof(Header, checksum)] = std::byte{header.checksum};
  return table;
}

std::array<std::byte, 16> floating_pointer(platform::GuestAddress configuration_table) {
  FloatingPointer pointer{.table = static_cast<std::uint32_t>(configuration_table.value)};
  pointer.checksum = std::to_integer<std::uint8_t>(checksum(std::as_bytes(std::span{&pointer, 1})));
  return std::bit_cast<std::array<std::byte, 16>>(pointer);
}

}  // namespace loader::x86_64::mp
