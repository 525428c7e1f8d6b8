// One function per option value: its text in, the checked value out, or BadUsage.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "runtime/log.hpp"
#include "vmm/config.hpp"
#include "vmm/key_values.hpp"

namespace vmm::option_values {

/// Another host's only where the machine is not run.
[[nodiscard]] Architecture architecture(std::string_view text, bool dry_run);
/// Throws if any of them was given.
void refuse_arm64_options(bool device_tree, const std::optional<std::string>& gic_msi,
                          const std::optional<std::string>& pmu);
[[nodiscard]] MsiChoice gic_msi(std::string_view text);
[[nodiscard]] bool pmu(std::string_view text);
[[nodiscard]] loader::x86_64::KernelEntry kernel_entry(std::string_view text);
/// A multiple of 4 KiB that a kernel could live in and this host has.
[[nodiscard]] std::uint64_t memory(std::string_view text);
[[nodiscard]] std::uint32_t processors(std::string_view text);
[[nodiscard]] std::array<SerialBackend, serial_port_count> serial_ports(
    std::span<const std::string, serial_port_count> texts, Architecture architecture);
/// `serial`: the ports beside it; a terminal can be one console only.
[[nodiscard]] SerialBackend virtio_console(
    std::string_view text, std::span<const SerialBackend, serial_port_count> serial);
[[nodiscard]] VirtioTransport virtio_transport(std::string_view option, std::string_view text);
/// A device's own, if it says any.
[[nodiscard]] VirtioTransport take_transport(KeyValues& parts, std::string_view option,
                                             VirtioTransport otherwise);
/// Adds `KEY=VALUE,...` to `identity`.
void add_smbios(std::string_view pairs, loader::smbios::Identity& identity);
/// A file's name, if one was given; an empty one is a shell variable that was not set.
[[nodiscard]] std::optional<std::string> path(std::string_view option,
                                              const std::optional<std::string>& text);
[[nodiscard]] OnShutdown on_shutdown(std::string_view text);
[[nodiscard]] OnReset on_reset(std::string_view text);
[[nodiscard]] OnCrash on_crash(std::string_view text);
[[nodiscard]] runtime::log::Level log_level(std::string_view text);

/// What a fast, well-behaved guest wants to be told: see README.md for each word's reason.
[[nodiscard]] std::string default_command_line(const MachineConfig& machine);
/// Joined by single spaces. A NUL or a newline would end or split it unseen, so it is refused.
[[nodiscard]] std::string command_line(std::string_view start, std::span<const std::string> words);

}  // namespace vmm::option_values
