#include "loader/x86_64/linux_boot.hpp"

#include <cstring>
#include <string>

#include "loader/x86_64/low_memory.hpp"
#include "tests/loader/guest_ram.hpp"
#include "tests/loader/x86_64/sample_kernels.hpp"

using loader::Image;
using loader::x86_64::KernelEntry;
using loader::x86_64::LinuxBoot;
using loader::x86_64::load_linux;

namespace {

std::string text_at(const platform::GuestMemory& ram, std::uint64_t address, std::size_t size) {
  const Bytes bytes = bytes_at(ram, address, size);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// A machine to boot in; the files outlive it.
struct Boot {
  Bytes kernel = samples::make(samples::small_vmlinux());
  Bytes initrd = samples::pattern(5000);

  [[nodiscard]] LinuxBoot request() const {
    return {.kernel = {kernel, -1, "vmlinux"},
            .initrd = Image{initrd, -1, "initrd"},
            .command_line = "console=ttyS0 quiet",
            .machine = {.processors = {{0}}, .memory = {{{{0}, 64_MiB}}}}};
  }
};

}  // namespace

TEST_CASE("Linux boot: everything lies where its reader looks", "[loader]") {
  const Boot boot;
  auto ram = make_ram();
  const auto loaded = load_linux(boot.request(), ram);

  CHECK(loaded.entry.instruction == GuestAddress{0x100'0040});
  CHECK(loaded.entry.parameters == GuestAddress{0x2000});
  CHECK(loaded.entry.page_tables == GuestAddress{0x4000});
  CHECK(loaded.entry.gdt == GuestAddress{0x1000});
  CHECK(loaded.entry.gdt_limit == 31);
  CHECK(loaded.initrd == AddressRange{{1_MiB}, 5000});

  CHECK(text_at(ram, 0x3000, 20) == std::string("console=ttyS0 quiet\0", 20));
  CHECK(text_at(ram, 0xE'0000, 8) == "RSD PTR ");
  CHECK(text_at(ram, 0xF'0000, 5) == "_SM3_");
  CHECK(text_at(ram, 0x1'9000, 4) == "DSDT");
  CHECK(bytes_at(ram, 1_MiB, 5000) == boot.initrd);
  CHECK(ram.load<std::uint64_t>({0x1008}) == 0x00AF'9B00'0000'FFFF);
  CHECK(ram.load<std::uint64_t>({0x4000}) == 0x5023);
  CHECK(ram.load<std::uint64_t>({0x2070}) == 0xE'0000);  // acpi_rsdp_addr
  CHECK(ram.load<std::uint32_t>({0x2218}) == 1_MiB);     // ramdisk_image
  CHECK(ram.load<std::uint8_t>({0x21E8}) == loaded.memory_map.size());
  CHECK(loaded.memory_map.back().range.end() == GuestAddress{64_MiB});
  const auto smbios = ram.load<std::uint64_t>({0xF'0010});
  REQUIRE(smbios);
  CHECK(loaded.memory_map[2].range.start == GuestAddress{*smbios});
  CHECK(all_zero(ram, 0, 0x1000));
}

TEST_CASE("Linux boot: a PVH kernel finds start information instead", "[loader]") {
  const Boot boot;
  auto request = boot.request();
  request.kernel_entry = KernelEntry::Pvh;
  auto ram = make_ram();
  const auto loaded = load_linux(request, ram);
  CHECK(loaded.entry.protocol == loader::x86_64::BootProtocol::Pvh32);
  CHECK(loaded.entry.instruction == GuestAddress{0x100'0080});
  CHECK(ram.load<std::uint32_t>({loaded.entry.parameters}) == 0x336EC578);
  CHECK(ram.load<std::uint64_t>({0x1008}) == 0x00CF'9B00'0000'FFFF);
}

TEST_CASE("Linux boot: without initrd and command line", "[loader]") {
  const Boot boot;
  auto request = boot.request();
  request.initrd.reset();
  request.command_line = {};
  auto ram = make_ram();
  CHECK_FALSE(load_linux(request, ram).initrd);
  CHECK(ram.load<std::uint32_t>({0x2218}) == 0);
  CHECK(all_zero(ram, 0x3000, 0x4000));
}

TEST_CASE("Linux boot: a message about a file begins with its name", "[loader]") {
  Boot boot;
  auto ram = make_ram();
  boot.initrd.clear();
  CHECK_BAD_IMAGE(load_linux(boot.request(), ram), "initrd: empty, expected an initrd");
  boot.kernel.clear();
  CHECK_BAD_IMAGE(load_linux(boot.request(), ram), "vmlinux: empty, expected a kernel");
}

TEST_CASE("Linux boot: the command line is at most as long as the kernel takes it", "[loader]") {
  const Boot boot;
  auto request = boot.request();
  auto ram = make_ram();
  const std::string longest(2047, 'x');
  request.command_line = longest;
  CHECK_NOTHROW(load_linux(request, ram));
  CHECK(text_at(ram, 0x3000, 2048) == longest + '\0');
  const std::string too_long(2048, 'x');
  request.command_line = too_long;
  CHECK_THROWS_MATCHES(load_linux(request, ram), loader::LoadError,
                       Catch::Matchers::Message("the kernel command line has 2048 bytes, the "
                                                "kernel takes at most 2047"));
  const std::string with_nul("a\0b", 3);
  request.command_line = with_nul;
  CHECK_THROWS_AS(load_linux(request, ram), loader::LoadError);
}

TEST_CASE("Linux boot: a kernel that takes more gets what the slot holds", "[loader]") {
  samples::BzImage image{.payload = samples::pattern(5000)};
  image.header.cmdline_size = 1'000'000;
  Boot boot;
  boot.kernel = samples::make(image);
  auto request = boot.request();
  auto ram = make_ram();
  const std::string longest(4095, 'x');
  request.command_line = longest;
  CHECK_NOTHROW(load_linux(request, ram));
  CHECK(ram.load<std::uint8_t>({0x3FFF}) == 0);
  const std::string too_long(4096, 'x');
  request.command_line = too_long;
  CHECK_THROWS_AS(load_linux(request, ram), loader::LoadError);
}

TEST_CASE("Linux boot: tables that do not fit below 1 MiB are refused", "[loader]") {
  const Boot boot;
  auto request = boot.request();
  request.identity.serial.assign(900'000, 's');
  auto ram = make_ram();
  CHECK_THROWS_MATCHES(load_linux(request, ram), loader::LoadError,
                       Catch::Matchers::MessageMatches(
                           Catch::Matchers::StartsWith("ACPI and SMBIOS tables end at")));
}
