// How a virtio device looks as a PCI function: its ids, its BARs and the capabilities that say what
// is where in them.
//
// Spec: Virtio 1.2, 4.1.2 "PCI Device Discovery", 4.1.4 "Virtio Structure PCI Capabilities".
#pragma once

#include <cstddef>
#include <cstdint>

#include "devices/pci/config_space.hpp"
#include "devices/pci/msix_table.hpp"
#include "devices/virtio/device.hpp"

namespace devices::virtio::pci_layout {

inline constexpr unsigned registers_bar = 0;
inline constexpr unsigned vectors_bar = 1;
inline constexpr unsigned ports_bar = 2;

/// Of the registers, for each structure.
inline constexpr std::uint64_t structure_bytes = 0x2000;
enum class Structure : std::uint8_t { Common = 0, Isr = 1, Device = 2, Notify = 3 };
inline constexpr std::uint64_t registers_bytes = 4 * structure_bytes;

/// A driver notifies a queue at its index times this.
inline constexpr std::uint32_t notify_multiplier = 4;
// Each queue has a vector, and the configuration another.
static_assert((pci::MsixTable::most_vectors - 1) * notify_multiplier <= structure_bytes);

/// Where notifications go: to ports, or to the structure among the registers.
struct NotifyPlace {
  unsigned bar = registers_bar;
  std::uint64_t offset = static_cast<std::uint64_t>(Structure::Notify) * structure_bytes;
};
inline constexpr NotifyPlace notify_ports{.bar = ports_bar, .offset = 0};

/// Ids and class of a device.
[[nodiscard]] pci::Identity identity(DeviceType type);

/// Adds the capabilities for the structures; returns where the one for access through the
/// configuration space begins.
std::size_t add_capabilities(pci::ConfigSpace& config, const NotifyPlace& notify,
                             std::uint16_t queues);

/// That capability's fields, 4.1.4.9: what an access to the last of them goes to.
struct Access {
  static constexpr std::size_t bar_at = 4;
  static constexpr std::size_t offset_at = 8;
  static constexpr std::size_t length_at = 12;
  static constexpr std::size_t data_at = 16;
};

}  // namespace devices::virtio::pci_layout
