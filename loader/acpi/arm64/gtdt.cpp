#include "loader/acpi/arm64/gtdt.hpp"

#include <cstddef>
#include <cstdint>

#include "loader/acpi/table.hpp"

namespace loader::acpi::arm64 {
namespace {

constexpr std::size_t header_bytes = 36;

struct [[gnu::packed]] Timer {
  std::uint32_t interrupt = 0;  // 0: there is none
  std::uint32_t flags = 0;
};
/// Everything behind the header.
struct [[gnu::packed]] Gtdt {
  std::uint64_t control_base = ~std::uint64_t{0};  // not in memory
  std::uint32_t reserved = 0;
  Timer secure_el1 = {};
  Timer non_secure_el1;
  Timer virtual_el1;
  Timer el2;
  std::uint64_t read_base = ~std::uint64_t{0};
  std::uint32_t platform_timer_count = 0;
  std::uint32_t platform_timer_offset = 0;
  Timer virtual_el2 = {};
};
static_assert(offsetof(Gtdt, virtual_el1) == 64 - header_bytes);
static_assert(sizeof(Gtdt) == 104 - header_bytes);

/// Table 5-120. Level-triggered, which is neither flag.
enum TimerFlag : std::uint32_t {
  ActiveLow = 1 << 1,
  AlwaysOn = 1 << 2,  // a processor that waits still gets its interrupt
};

}  // namespace

Bytes make_gtdt(const loader::arm64::Machine& machine) {
  constexpr std::uint8_t revision = 3;
  constexpr std::uint32_t flags = ActiveLow | AlwaysOn;
  const Timer physical{platform::arm64::phys_timer_ppi.value, flags};
  // The EL2 timer's entry is ignored in EL1, says the specification. But Linux looks at it before
  // it knows where it runs, and reports a firmware bug if it is 0.
  return Table{"GTDT", revision}
      .append(Gtdt{.non_secure_el1 = physical,
                   .virtual_el1 = {machine.platform.virt_timer_ppi.value, flags},
                   .el2 = physical})
      .finish();
}

}  // namespace loader::acpi::arm64
