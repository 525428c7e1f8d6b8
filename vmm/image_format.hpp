// Disk images that are more than the bytes of a disk: what they begin with.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace vmm {

/// The name of the format; nothing for an image that is raw, or of no format known here.
[[nodiscard]] std::optional<std::string_view> image_format(std::span<const std::byte> beginning);

}  // namespace vmm
