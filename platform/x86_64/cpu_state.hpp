// What an x86_64 processor is set to before its first instruction: the part of its state that a
// boot protocol fixes. Everything not named here keeps its reset value.
//
// Spec: Intel SDM vol. 3A, 10.1.1 "Processor State After Reset"; the boot protocols of loader/.
#pragma once

#include <cstdint>
#include <vector>

namespace platform::x86_64 {

/// A segment register with its hidden part.
struct Segment {
  std::uint16_t selector = 0;
  /// As bits 8..23 of a descriptor's upper half: type, S, DPL, P in bits 0..7; AVL, L, D/B, G
  /// in 12..15.
  std::uint16_t attributes = 0;
  std::uint64_t base = 0;
  std::uint32_t limit_bytes = 0;
  friend bool operator==(const Segment&, const Segment&) = default;
};

struct Msr {
  std::uint32_t index = 0;
  std::uint64_t value = 0;
  friend bool operator==(const Msr&, const Msr&) = default;
};

/// Where and in which mode the boot processor begins.
struct BootState {
  std::uint64_t rip = 0;
  std::uint64_t rbx = 0;
  std::uint64_t rsi = 0;
  std::uint64_t rsp = 0;
  std::uint64_t rflags = 0x2;
  std::uint64_t cr0 = 0;
  std::uint64_t cr3 = 0;
  std::uint64_t cr4 = 0;
  std::uint64_t efer = 0;
  Segment cs;
  Segment data;  ///< DS, ES, FS, GS and SS alike.
  Segment tr;
  std::uint64_t gdt_base = 0;
  std::uint16_t gdt_limit = 0;
};

/// Machine-specific registers that must be the same on every processor (MTRRs, PAT).
using CommonMsrs = std::vector<Msr>;

}  // namespace platform::x86_64
