#include "loader/placement.hpp"

#include <algorithm>

#include "runtime/units.hpp"

namespace loader {

void put(platform::GuestMemory& ram, platform::GuestAddress to, std::span<const std::byte> bytes,
         const char* what) {
  if (bytes.empty() || ram.write(to, bytes)) return;
  throw LoadError{"{} needs {} bytes at {:#x}, which is not RAM: more memory is needed", what,
                  bytes.size(), to.value};
}

void place_bytes(const Image& image, FileRange part, platform::GuestMemory& ram,
                 platform::GuestAddress to) {
  if (part.size_bytes == 0) return;
  using platform::Placement;
  const auto copy = [&] {
    return ram.write(to, image.bytes.subspan(part.offset, part.size_bytes)) ? Placement::Done
                                                                            : Placement::NotRam;
  };
  switch (image.file_descriptor < 0
              ? copy()
              : ram.place_file(to, image.file_descriptor, part.offset, part.size_bytes)) {
    case Placement::Done:
      return;
    case Placement::NotRam:
      throw BadImage{"{} bytes belong at {:#x}, which is not RAM: more memory is needed",
                     part.size_bytes, to.value};
    case Placement::FileEndsEarly:
      throw BadImage{"truncated while it was read: it had {} bytes at offset {}", part.size_bytes,
                     part.offset};
  }
}

void clear(platform::GuestMemory& ram, platform::AddressRange range) {
  using namespace runtime::literals;
  const auto bytes = ram.host_bytes(range);
  const platform::GuestAddress first{runtime::align_up(range.start.value, 2_MiB)};
  const platform::GuestAddress last{runtime::align_down(range.end().value, 2_MiB)};
  if (bytes.empty() || first >= last) {
    std::ranges::fill(bytes, std::byte{0});
    return;
  }
  std::ranges::fill(bytes.first(first - range.start), std::byte{0});
  std::ranges::fill(bytes.last(range.end() - last), std::byte{0});
  ram.discard({first, last - first});
}

void check_command_line(std::string_view text, std::size_t most_bytes) {
  if (text.size() > most_bytes) {
    throw LoadError{"the kernel command line has {} bytes, the kernel takes at most {}",
                    text.size(), most_bytes};
  }
  if (const auto at = text.find('\0'); at != text.npos) {
    throw LoadError{"the kernel command line has a NUL at byte {}", at};
  }
}

}  // namespace loader
