// Devices that a DSDT of any architecture may have, as AML.
//
// Spec: ACPI 6.5, 5.6.7 (device ids), 8.4 (processors).
#pragma once

#include <cstddef>
#include <optional>

#include "loader/bytes.hpp"
#include "platform/address.hpp"
#include "platform/interrupts.hpp"

namespace loader::acpi {

/// Processors with the UIDs 1 to `count`.
[[nodiscard]] Bytes processors(std::size_t count);

/// A virtio device's register page. `more`: further objects of the device.
[[nodiscard]] Bytes virtio_mmio(std::size_t index, platform::AddressRange registers,
                                platform::Gsi interrupt, const Bytes& more = {});

/// A container of address space, which the devices in it hand on.
[[nodiscard]] Bytes mmio_windows(platform::AddressRange low,
                                 std::optional<platform::AddressRange> high, const Bytes& devices);

/// What a Hyper-V guest expects of its root bus: it can be disabled and enabled, without effect.
/// `more`: further objects of the device.
[[nodiscard]] Bytes vmbus(const Bytes& more = {});

}  // namespace loader::acpi
