#include "vmm/disk_images.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <string>
#include <string_view>
#include <tuple>

#include "runtime/finally.hpp"
#include "tests/devices/storage/disk_bench.hpp"
#include "tests/runtime/temporary_directory.hpp"
#include "vmm/boot_files.hpp"

namespace {

using vmm::BadInput;
using vmm::DiskConfig;
using vmm::DiskImages;

constexpr std::size_t image_bytes = 64 * 1024;

struct Bench {
  std::string make(const std::string& name, std::size_t size_bytes = image_bytes) {
    const std::string path = directory.file(name);
    const Bytes bytes = pattern(size_bytes);
    std::ofstream{path, std::ios::binary}.write(reinterpret_cast<const char*>(bytes.data()),
                                                static_cast<std::streamsize>(bytes.size()));
    return path;
  }
  std::string refusal(const std::vector<DiskConfig>& configs) {
    try {
      const DiskImages images{configs, loop.executor()};
    } catch (const BadInput& error) {
      return error.what();
    }
    return "";
  }
  std::string refusal(const DiskConfig& config) { return refusal(std::vector{config}); }

  TemporaryDirectory directory;
  TestLoop loop;
};

std::string about(const std::string& path, const std::string& what) {
  return "--disk '" + path + "': " + what;
}

}  // namespace

TEST_CASE("disk images: each is what its configuration says", "[vmm]") {
  Bench bench;
  const std::string path = bench.make("a");
  const std::string other = bench.make("b");
  const DiskImages images{std::vector<DiskConfig>{{.path = path, .id = "a", .discard = true},
                                                  {.path = other, .id = "b", .read_only = true}},
                          bench.loop.executor()};
  REQUIRE(images.disks().size() == 2);
  CHECK(images.disks()[0]->access() == devices::storage::Access::ReadWrite);
  CHECK(images.disks()[0]->can_discard());
  CHECK(images.disks()[0]->size_bytes() == image_bytes);
  CHECK(images.disks()[1]->access() == devices::storage::Access::ReadOnly);
  CHECK_FALSE(images.disks()[1]->can_discard());
  CHECK(bench.loop.run(count_differences(*images.disks()[0], pattern(image_bytes), 100, 1)) == 0);
  bench.loop.run(images.disks()[0]->flush());
}

TEST_CASE("disk images: an overlay leaves the image as it is", "[vmm]") {
  Bench bench;
  const std::string path = bench.make("a");
  {
    const DiskImages images{std::vector<DiskConfig>{{.path = path, .id = "a", .overlay = true}},
                            bench.loop.executor()};
    CHECK(images.disks()[0]->access() == devices::storage::Access::ReadWrite);
    CHECK(bench.loop.run(count_differences(*images.disks()[0], pattern(image_bytes), 200, 2)) == 0);
  }
  const DiskImages again{std::vector<DiskConfig>{{.path = path, .id = "a"}}, bench.loop.executor()};
  CHECK(bench.loop.run(read_bytes(*again.disks()[0], 0, image_bytes)) == pattern(image_bytes));
}

TEST_CASE("disk images: direct takes buffers of any alignment", "[vmm]") {
  Bench bench;
  const DiskConfig config{.path = bench.make("a"), .id = "a", .direct = true};
  if (!bench.refusal(config).empty()) {
    CHECK(bench.refusal(config) ==
          about(config.path, "found a file system without direct I/O, expected no direct with it"));
    SKIP("this file system has no direct I/O");
  }
  const DiskImages images{std::vector{config}, bench.loop.executor()};
  CHECK(bench.loop.run(count_differences(*images.disks()[0], pattern(image_bytes), 200, 3)) == 0);
}

TEST_CASE("disk images: what cannot be one is said in one line", "[vmm]") {
  Bench bench;
  const auto refusal = [&](const std::string& path) {
    return bench.refusal({.path = path, .id = "a"});
  };
  const std::string expected = ", expected an image file or a block device";
  const std::string missing = bench.directory.file("missing");
  CHECK(refusal(missing) == about(missing, "No such file or directory"));
  const std::string directory = bench.directory.file("");
  CHECK(refusal(directory) == about(directory, "found a directory" + expected));
  CHECK(bench.refusal({.path = directory, .id = "a", .read_only = true}) ==
        about(directory, "found a directory" + expected));
  const std::string fifo = bench.directory.file("fifo");
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  CHECK(refusal(fifo) == about(fifo, "found a FIFO" + expected));
  CHECK(refusal("/dev/zero") == about("/dev/zero", "found a device" + expected));
  const std::string empty = bench.make("empty", 0);
  CHECK(refusal(empty) == about(empty, "found an empty image, expected at least 512 bytes"));
  const std::string odd = bench.make("odd", 1000);
  CHECK(refusal(odd) == about(odd, "found 1000 bytes, expected a multiple of 512"));
}

TEST_CASE("disk images: another format is no raw image, unless it is said to be", "[vmm]") {
  Bench bench;
  const std::string path = bench.make("a");
  const auto begin_with = [&path](std::size_t offset, std::string_view mark) {
    std::fstream file{path, std::ios::binary | std::ios::in | std::ios::out};
    file.write(std::string(0x100, ' ').data(), 0x100);
    file.seekp(static_cast<std::streamoff>(offset));
    file.write(mark.data(), static_cast<std::streamsize>(mark.size()));
  };
  const auto refused_as = [&](const std::string& format) {
    return about(path, "found a " + format +
                           " image, expected a raw one, or format=raw (to get "
                           "one: qemu-img convert -O raw)");
  };
  begin_with(0, "QFI\xFB");
  CHECK(bench.refusal({.path = path, .id = "a"}) == refused_as("qcow2"));
  CHECK(bench.refusal({.path = path, .id = "a", .overlay = true}) == refused_as("qcow2"));
  CHECK(bench.refusal({.path = path, .id = "a", .surely_raw = true}) == "");
  const std::tuple<std::size_t, std::string_view, std::string> others[] = {
      {0, {"QED", 4}, "QED"}, {0, "KDMV", "VMDK"},     {0, "# Disk DescriptorFile", "VMDK"},
      {0, "conectix", "VHD"}, {0, "vhdxfile", "VHDX"}, {0x40, "\x7F\x10\xDA\xBE", "VDI"},
  };
  for (const auto& [offset, mark, format] : others) {
    begin_with(offset, mark);
    CHECK(bench.refusal({.path = path, .id = "a"}) == refused_as(format));
  }
  begin_with(0x41, "\x7F\x10\xDA\xBE");
  CHECK(bench.refusal({.path = path, .id = "a"}) == "");
}

TEST_CASE("disk images: permissions", "[vmm]") {
  // Root may open anything: be nobody for a while.
  constexpr uid_t nobody = 65534;
  const uid_t before = ::geteuid();
  if (before == 0) REQUIRE(::seteuid(nobody) == 0);
  const runtime::Finally restore{[&] { (void)!::seteuid(before); }};
  Bench bench;
  const std::string path = bench.make("a");
  REQUIRE(::chmod(path.c_str(), 0400) == 0);
  CHECK(bench.refusal({.path = path, .id = "a"}) ==
        about(path, "found a file that can only be read, expected ro or overlay with it"));
  CHECK(bench.refusal({.path = path, .id = "a", .read_only = true}).empty());
  REQUIRE(::chmod(path.c_str(), 0) == 0);
  CHECK(bench.refusal({.path = path, .id = "a"}) == about(path, "Permission denied"));
}

TEST_CASE("disk images: who writes one has it alone", "[vmm]") {
  Bench bench;
  const std::string path = bench.make("a");
  const DiskConfig writer{.path = path, .id = "a"};
  const DiskConfig reader{.path = path, .id = "b", .read_only = true};
  const DiskConfig overlay{.path = path, .id = "c", .overlay = true};
  const std::string used =
      "found it locked by another program, which uses it; expected it to be free";
  const std::string written =
      "found it locked by another program, which writes to it; expected it to be free";
  SECTION("against writers and readers") {
    const DiskImages first{std::vector{writer}, bench.loop.executor()};
    CHECK(bench.refusal(writer) == about(path, used));
    CHECK(bench.refusal(reader) == about(path, written));
    CHECK(bench.refusal(overlay) == about(path, written));
  }
  SECTION("readers share it") {
    const DiskImages first{std::vector{reader, overlay}, bench.loop.executor()};
    CHECK(bench.refusal(reader).empty());
    CHECK(bench.refusal(overlay).empty());
    CHECK(bench.refusal(writer) == about(path, used));
  }
  CHECK(bench.refusal(writer).empty());  // and gives it back
}

TEST_CASE("disk images: one machine does not take an image twice to write to it", "[vmm]") {
  Bench bench;
  const std::string path = bench.make("a");
  const std::string link = bench.directory.file("link");
  REQUIRE(::symlink(path.c_str(), link.c_str()) == 0);
  CHECK(bench.refusal({{.path = path, .id = "a"}, {.path = link, .id = "b"}}) ==
        about(link, "found the image of disk a again, expected ro or overlay for both"));
  CHECK(bench.refusal({{.path = path, .id = "a", .read_only = true}, {.path = link, .id = "b"}}) ==
        about(link, "found the image of disk a again, expected ro or overlay for both"));
}
