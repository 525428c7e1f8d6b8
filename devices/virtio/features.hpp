// Feature bits that belong to no kind of device, and what driver and device agreed on.
//
// Spec: Virtio 1.2, 2.2 "Feature Bits", 6 "Reserved Feature Bits".
#pragma once

#include <cstdint>

#include "runtime/flags.hpp"

namespace devices::virtio {

enum class Feature : std::uint64_t {
  IndirectDescriptors = 1ULL << 28,
  EventIndex = 1ULL << 29,
  Version1 = 1ULL << 32,
  RingPacked = 1ULL << 34,
  InOrder = 1ULL << 35,
  RingReset = 1ULL << 40,
};

/// Bits of any meaning: Feature's, or those of a kind of device.
using Features = runtime::Flags<Feature>;

}  // namespace devices::virtio
