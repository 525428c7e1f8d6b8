#include "platform/guest_memory.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <vector>

#include "runtime/error.hpp"
#include "runtime/units.hpp"

using namespace runtime::literals;
using platform::AddressRange;
using platform::GuestAddress;
using platform::GuestMemory;
using platform::Placement;

namespace {

constexpr std::array two_regions{AddressRange{{0}, 1_MiB}, AddressRange{{4_GiB}, 64_KiB}};

std::vector<std::byte> pattern(std::size_t size_bytes) {
  std::vector<std::byte> bytes(size_bytes);
  for (std::size_t i = 0; i < size_bytes; ++i) bytes[i] = static_cast<std::byte>(i * 7 + i / 256);
  return bytes;
}

class TemporaryFile {
 public:
  explicit TemporaryFile(std::span<const std::byte> bytes)
      : descriptor{::memfd_create("guest_memory_test", MFD_CLOEXEC)} {
    REQUIRE(::write(descriptor, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  }
  ~TemporaryFile() { ::close(descriptor); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  const int descriptor;
};

}  // namespace

TEST_CASE("address range: containment holds at both ends and for ranges that would wrap",
          "[platform][memory]") {
  constexpr AddressRange range{{0x1000}, 0x1000};
  CHECK(range.contains(GuestAddress{0x1000}));
  CHECK(range.contains(GuestAddress{0x1FFF}));
  CHECK_FALSE(range.contains(GuestAddress{0x2000}));
  CHECK_FALSE(range.contains(GuestAddress{0xFFF}));
  CHECK(range.contains(AddressRange{{0x1000}, 0x1000}));
  CHECK_FALSE(range.contains(AddressRange{{0x1000}, 0x1001}));
  CHECK_FALSE(range.contains(AddressRange{{0x1800}, ~std::uint64_t{0}}));
  CHECK_FALSE(range.contains(AddressRange{{0}, 1}));
}

TEST_CASE("guest memory: reads as zero and gives back what was written", "[platform][memory]") {
  GuestMemory memory{two_regions};
  CHECK(memory.size_bytes() == 1_MiB + 64_KiB);
  CHECK(memory.load<std::uint64_t>({0x1234}) == 0u);
  REQUIRE(memory.store<std::uint32_t>({4_GiB + 12}, 0xDEADBEEF));
  CHECK(memory.load<std::uint32_t>({4_GiB + 12}) == 0xDEADBEEF);
}

TEST_CASE("guest memory: an access that leaves a region changes nothing", "[platform][memory]") {
  GuestMemory memory{two_regions};
  CHECK_FALSE(memory.store<std::uint64_t>({1_MiB - 4}, ~std::uint64_t{0}));
  CHECK(memory.load<std::uint32_t>({1_MiB - 4}) == 0u);
  CHECK_FALSE(memory.load<std::uint8_t>({1_MiB}));
  CHECK_FALSE(memory.load<std::uint8_t>({4_GiB - 1}));
  CHECK_FALSE(memory.load<std::uint64_t>({~std::uint64_t{0} - 3}));
  CHECK(memory.host_bytes({{0}, 1_MiB + 1}).empty());
  CHECK(memory.host_bytes({{0}, 0}).empty());
}

TEST_CASE("guest memory: regions begin on huge pages of this process", "[platform][memory]") {
  GuestMemory memory{two_regions};
  for (const GuestMemory::Region& region : memory.regions()) {
    CHECK(reinterpret_cast<std::uintptr_t>(region.host) % 2_MiB == 0);
  }
}

TEST_CASE("guest memory: a file's bytes land where they are told, aligned or not",
          "[platform][memory]") {
  const auto bytes = pattern(3 * 4096 + 100);
  const TemporaryFile file{bytes};
  for (const std::uint64_t to : {std::uint64_t{0x10000}, std::uint64_t{0x10010}}) {
    for (const std::uint64_t offset : {0u, 16u, 4096u}) {
      GuestMemory memory{two_regions};
      const std::uint64_t size = bytes.size() - offset;
      REQUIRE(memory.place_file({to}, file.descriptor, offset, size) == Placement::Done);
      std::vector<std::byte> found(size);
      REQUIRE(memory.read({to}, found));
      CHECK(std::equal(found.begin(), found.end(),
                       bytes.begin() + static_cast<std::ptrdiff_t>(offset)));
      CHECK(memory.load<std::uint8_t>({to - 1}) == 0u);
      CHECK(memory.load<std::uint8_t>({to + size}) == 0u);
    }
  }
}

TEST_CASE("guest memory: what the guest writes never reaches the file it came from",
          "[platform][memory]") {
  const auto bytes = pattern(2 * 4096);
  const TemporaryFile file{bytes};
  GuestMemory memory{two_regions};
  REQUIRE(memory.place_file({0}, file.descriptor, 0, bytes.size()) == Placement::Done);
  REQUIRE(memory.store<std::uint8_t>({0}, 0xFF));

  std::byte first{};
  REQUIRE(::pread(file.descriptor, &first, 1, 0) == 1);
  CHECK(first == bytes[0]);
}

TEST_CASE("guest memory: a file that ends early or a place outside RAM is refused",
          "[platform][memory]") {
  const TemporaryFile file{pattern(100)};
  GuestMemory memory{two_regions};
  CHECK(memory.place_file({0}, file.descriptor, 0, 101) == Placement::FileEndsEarly);
  CHECK(memory.place_file({1_MiB - 50}, file.descriptor, 0, 100) == Placement::NotRam);
  CHECK(memory.place_file({1_MiB}, file.descriptor, 0, 0) == Placement::Done);
  CHECK_THROWS_AS(memory.place_file({0}, -1, 0, 1), runtime::HostError);
}

TEST_CASE("guest memory: discarded pages read as zero, their neighbours stay",
          "[platform][memory]") {
  GuestMemory memory{two_regions};
  for (const std::uint64_t page : {0u, 1u, 2u, 3u}) {
    REQUIRE(memory.store<std::uint8_t>({page * 4096}, 1));
  }
  memory.discard({{1}, 3 * 4096});
  CHECK(memory.load<std::uint8_t>({0}) == 1);
  CHECK(memory.load<std::uint8_t>({1 * 4096}) == 0);
  CHECK(memory.load<std::uint8_t>({2 * 4096}) == 0);
  CHECK(memory.load<std::uint8_t>({3 * 4096}) == 1);
}
