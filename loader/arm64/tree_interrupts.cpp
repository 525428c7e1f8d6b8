#include "loader/arm64/tree_interrupts.hpp"

#include <algorithm>
#include <variant>

#include "loader/image.hpp"

namespace loader::arm64 {

using namespace platform::arm64;
using platform::Gsi;

constexpr std::uint32_t gic_v2_max_processors = 8;

void append_interrupt(Cells& cells, const Machine& machine, Gsi interrupt, Trigger trigger) {
  const PlatformConfig& platform = machine.platform;
  if (interrupt.value < first_ppi || interrupt.value >= platform.gic_nr_irqs) {
    throw LoadError{"device tree: found interrupt {}, expected one in {}..{}", interrupt.value,
                    first_ppi, platform.gic_nr_irqs - 1};
  }
  const auto flags = static_cast<std::uint32_t>(trigger);
  if (!is_ppi(interrupt)) {
    cells.u32(0).u32(interrupt.value - first_spi).u32(flags);
    return;
  }
  std::uint32_t mask = 0;  // a GICv2 is told which processors have it
  if (std::holds_alternative<GicV2>(platform.gic_version)) {
    mask = (1u << std::min<std::size_t>(machine.processors.size(), gic_v2_max_processors)) - 1;
  }
  cells.u32(1).u32(interrupt.value - first_ppi).u32(mask << 8 | flags);
}

Cells interrupt_cells(const Machine& machine, Gsi interrupt, Trigger trigger) {
  Cells cells;
  append_interrupt(cells, machine, interrupt, trigger);
  return cells;
}

}  // namespace loader::arm64
