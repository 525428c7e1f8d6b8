// How a node says which of the GIC's interrupts are its own.
//
// Spec: Linux Documentation/devicetree/bindings/interrupt-controller/arm,gic.yaml and
//       arm,gic-v3.yaml.
#pragma once

#include <cstdint>

#include "loader/arm64/machine.hpp"
#include "loader/arm64/tree_writer.hpp"
#include "platform/interrupts.hpp"

namespace loader::arm64 {

enum class Trigger : std::uint32_t { EdgeRising = 1, LevelHigh = 4 };

/// Three cells: which kind, which of that kind, how it is triggered. Throws LoadError for an
/// interrupt the controller does not have.
void append_interrupt(Cells& cells, const Machine& machine, platform::Gsi interrupt,
                      Trigger trigger);
[[nodiscard]] Cells interrupt_cells(const Machine& machine, platform::Gsi interrupt,
                                    Trigger trigger);

}  // namespace loader::arm64
