#include "vmm/image_format.hpp"

#include <algorithm>

namespace vmm {

namespace {

struct Format {
  std::string_view name;
  std::size_t offset;
  std::string_view mark;
};

// From QEMU's docs/interop/qcow2.txt and qed_spec.txt; VMware's "Virtual Disk Format 5.0";
// Microsoft's "Virtual Hard Disk Image Format Specification" and [MS-VHDX] 2.2.1; VirtualBox's
// VDICore.h.
constexpr Format formats[] = {
    {"qcow2", 0, "QFI\xFB"},
    {"QED", 0, {"QED\0", 4}},
    {"VMDK", 0, "KDMV"},
    {"VMDK", 0, "# Disk DescriptorFile"},
    {"VHD", 0, "conectix"},
    {"VHDX", 0, "vhdxfile"},
    {"VDI", 0x40, "\x7F\x10\xDA\xBE"},
};

}  // namespace

std::optional<std::string_view> image_format(std::span<const std::byte> beginning) {
  const std::string_view text{reinterpret_cast<const char*>(beginning.data()), beginning.size()};
  const auto* const format = std::ranges::find_if(formats, [&](const Format& candidate) {
    return text.substr(std::min(candidate.offset, text.size())).starts_with(candidate.mark);
  });
  return format == std::end(formats) ? std::nullopt : std::optional{format->name};
}

}  // namespace vmm
