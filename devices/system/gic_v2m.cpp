#include "devices/system/gic_v2m.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace devices {
namespace {

constexpr std::size_t register_bytes = 4;
constexpr std::uint32_t architecture_v2m = 1;  // MSI_IIDR, bits 19..16; the rest names nobody

}  // namespace

GicV2mFrame::GicV2mFrame(platform::Gsi first, std::vector<platform::InterruptLine> messages)
    : first_{first},
      count_{static_cast<std::uint32_t>(messages.size())},
      messages_{std::move(messages)} {}

std::uint32_t GicV2mFrame::read_register(std::uint64_t offset) const {
  if (offset == typer_offset) return first_.value << 16 | count_;
  if (offset == iidr_offset) return architecture_v2m << 16;
  return 0;
}

void GicV2mFrame::read(std::uint64_t offset, std::span<std::byte> data) {
  std::ranges::fill(data, std::byte{0});
  if (data.size() != register_bytes) return;
  const std::uint32_t value = read_register(offset);
  std::memcpy(data.data(), &value, sizeof value);
}

void GicV2mFrame::write(std::uint64_t offset, std::span<const std::byte> data) {
  if (offset != setspi_offset || data.size() != register_bytes) return;
  std::uint32_t interrupt = 0;
  std::memcpy(&interrupt, data.data(), sizeof interrupt);
  const std::uint32_t index = interrupt - first_.value;
  if (index >= count_) return;
  messages_.with([index](auto& lines) {
    lines[index].set(true);
    lines[index].set(false);
  });
}

}  // namespace devices
