#include "vmm/disk_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "vmm/key_values.hpp"
#include "vmm/option_values.hpp"
#include "vmm/options.hpp"

namespace vmm::option_values {
namespace {

constexpr std::uint32_t most_queues = 16;
constexpr std::size_t most_id_bytes = 20;  // virtio's limit

template <typename... Args>
[[noreturn]] void refuse(fmt::format_string<Args...> message, Args&&... args) {
  throw BadUsage{fmt::format("--disk: {}", fmt::format(message, std::forward<Args>(args)...))};
}

/// What a guest's udev, and a line of our log, can show as it is.
bool is_plain(char letter) {
  constexpr std::string_view others = "-._";
  return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
         (letter >= '0' && letter <= '9') || others.find(letter) != std::string_view::npos;
}

void check_id(const std::string& id, std::span<const DiskConfig> others) {
  if (id.size() > most_id_bytes || !std::ranges::all_of(id, is_plain)) {
    refuse("found id={}, expected up to {} of A-Z, a-z, 0-9, '-', '.' and '_'", id, most_id_bytes);
  }
  if (std::ranges::find(others, id, &DiskConfig::id) != others.end()) {
    refuse("found id={} twice, expected each disk to have its own", id);
  }
}

DiskConfig disk(std::string_view text, std::size_t place, VirtioTransport transport) {
  KeyValues parts{"--disk", text};
  const std::optional<std::string> path = parts.take("file");
  const std::optional<std::string> id = parts.take("id");
  const std::optional<std::uint32_t> queues = parts.take_number("queues", 1, most_queues);
  const std::optional<std::string> format = parts.take("format");
  if (format && *format != "raw") refuse("found format={}, expected format=raw", *format);
  const DiskConfig disk{.path = path.value_or(""),
                        .id = id.value_or(fmt::format("disk{}", place)),
                        .queues = static_cast<std::uint16_t>(queues.value_or(1)),
                        .read_only = parts.take_flag("ro"),
                        .direct = parts.take_flag("direct"),
                        .discard = parts.take_flag("discard"),
                        .overlay = parts.take_flag("overlay"),
                        .surely_raw = format.has_value(),
                        .transport = take_transport(parts, "--disk", transport)};
  parts.finish();
  if (!path) refuse("found '{}', expected a file=PATH in it", text);
  if (disk.read_only && disk.overlay) refuse("found ro and overlay, expected one of them");
  if (disk.read_only && disk.discard) refuse("found ro and discard, expected one of them");
  return disk;
}

}  // namespace

std::vector<DiskConfig> disks(std::span<const std::string> texts, VirtioTransport transport) {
  std::vector<DiskConfig> disks;
  for (const std::string& text : texts) {
    DiskConfig next = disk(text, disks.size(), transport);
    check_id(next.id, disks);
    disks.push_back(std::move(next));
  }
  return disks;
}

}  // namespace vmm::option_values
