// A guest that does anything to a GICv2m frame.
//
// Input: the first interrupt, how many there are, then groups of an access, an offset and a value.

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>

#include "devices/system/gic_v2m.hpp"
#include "tests/devices/fakes.hpp"
#include "tests/fuzz/require.hpp"

namespace {

using devices::GicV2mFrame;

struct Access {
  std::uint64_t offset;
  std::size_t size_bytes;
  std::uint64_t value;
};

Access read_access(const std::uint8_t* from) {
  constexpr std::uint64_t registers[] = {0x040, 0x008, 0xFCC};
  Access access{0, std::size_t{1} << (from[0] & 3), 0};
  const unsigned chosen = from[0] >> 2 & 3;
  const std::uint64_t anywhere = from[1] * 0x100u + from[2];
  access.offset =
      chosen < 3 ? registers[chosen] : anywhere % (GicV2mFrame::size_bytes - access.size_bytes + 1);
  std::memcpy(&access.value, from + 3, sizeof access.value);
  return access;
}

void check_read(GicV2mFrame& frame, const Access& access, std::uint32_t typer) {
  std::uint64_t value = ~std::uint64_t{0};
  frame.read(access.offset, std::as_writable_bytes(std::span{&value, 1}).first(access.size_bytes));
  if (access.size_bytes < 8) value &= (std::uint64_t{1} << access.size_bytes * 8) - 1;
  std::uint64_t expected = 0;
  if (access.size_bytes == 4 && access.offset == GicV2mFrame::typer_offset) expected = typer;
  if (access.size_bytes == 4 && access.offset == GicV2mFrame::iidr_offset) expected = 1u << 16;
  require(value == expected);
}

void check_write(GicV2mFrame& frame, const Access& access, FakePins& pins, std::uint32_t first,
                 std::uint32_t count) {
  frame.write(access.offset, std::as_bytes(std::span{&access.value, 1}).first(access.size_bytes));
  const auto number = static_cast<std::uint32_t>(access.value);
  const bool message = access.size_bytes == 4 && access.offset == GicV2mFrame::setspi_offset &&
                       number >= first && number < first + count;
  const std::array edge{std::pair{number, true}, std::pair{number, false}};
  require(std::ranges::equal(pins.changes, std::span{edge}.first(message ? 2 : 0)));
  pins.changes.clear();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size_bytes) {
  if (size_bytes < 2) return 0;
  const std::uint32_t first = 32 + data[0] * 3u;
  const std::uint32_t count = data[1] % 65u;
  FakePins pins;
  GicV2mFrame frame{{first}, pins.lines({first}, count)};
  for (std::size_t i = 2; i + 11 <= size_bytes; i += 11) {
    Access access = read_access(data + i);
    if ((data[i] & 0x80) != 0) access.value = first + access.value % (count + 2u) - 1;
    check_read(frame, access, first << 16 | count);
    require(pins.changes.empty());
    check_write(frame, access, pins, first, count);
  }
  return 0;
}
