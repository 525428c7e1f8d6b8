#include "loader/placement.hpp"

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
  const bool placed = image.file_descriptor >= 0
                          ? ram.place_file(to, image.file_descriptor, part.offset, part.size_bytes)
                          : ram.write(to, image.bytes.subspan(part.offset, part.size_bytes));
  if (placed) return;
  throw BadImage{"{} bytes belong at {:#x}, which is not RAM: more memory is needed",
                 part.size_bytes, to.value};
}

}  // namespace loader
