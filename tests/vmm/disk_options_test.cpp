#include "vmm/disk_options.hpp"

#include <catch2/catch_test_macros.hpp>

#include "vmm/options.hpp"

namespace {

using vmm::DiskConfig;
using vmm::option_values::disks;

std::string refusal(const std::vector<std::string>& texts) {
  try {
    (void)disks(texts);
  } catch (const vmm::BadUsage& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("disk options: a file is enough, the rest has defaults", "[vmm][options]") {
  const auto found = disks(std::vector<std::string>{"file=a.raw", "file=b,,c.raw"});
  REQUIRE(found.size() == 2);
  CHECK(found[0] == DiskConfig{.path = "a.raw", .id = "disk0"});
  CHECK(found[1] == DiskConfig{.path = "b,c.raw", .id = "disk1"});
}

TEST_CASE("disk options: everything else", "[vmm][options]") {
  const auto found = disks(std::vector<std::string>{
      "id=root-1,file=/dev/sda,direct,discard,queues=16,overlay", "ro,file=b,format=raw"});
  REQUIRE(found.size() == 2);
  CHECK(found[0] == DiskConfig{.path = "/dev/sda",
                               .id = "root-1",
                               .queues = 16,
                               .direct = true,
                               .discard = true,
                               .overlay = true});
  CHECK(found[1].read_only);
  CHECK(found[1].surely_raw);
}

TEST_CASE("disk options: what is wrong is said in one line", "[vmm][options]") {
  CHECK(refusal({"ro"}) == "--disk: found 'ro', expected a file=PATH in it");
  CHECK(refusal({""}) == "--disk: found '' with an empty part, expected KEY=VALUE,...");
  CHECK(refusal({"a.raw"}) ==
        "--disk: found 'a.raw', expected file=, id=, queues=, format=, ro, direct, discard, "
        "overlay, transport=");
  CHECK(refusal({"file=a,transport=isa"}) ==
        "--disk transport: found 'isa', expected one of mmio, pci");
  CHECK(refusal({"file="}) == "--disk: found file without a value, expected file=VALUE");
  CHECK(refusal({"file=a,queues=0"}) == "--disk: found queues=0, expected a number from 1 to 16");
  CHECK(refusal({"file=a,queues=17"}) == "--disk: found queues=17, expected a number from 1 to 16");
  CHECK(refusal({"file=a,ro=1"}) == "--disk: found ro=1, expected ro alone");
  CHECK(refusal({"file=a,ro,discard"}) == "--disk: found ro and discard, expected one of them");
  CHECK(refusal({"file=a,ro,overlay"}) == "--disk: found ro and overlay, expected one of them");
  CHECK(refusal({"file=a,format=qcow2"}) == "--disk: found format=qcow2, expected format=raw");
  for (const std::string id : {"a b", "a/b", "\x01", "123456789012345678901"}) {
    CHECK(refusal({"file=a,id=" + id}) ==
          "--disk: found id=" + id + ", expected up to 20 of A-Z, a-z, 0-9, '-', '.' and '_'");
  }
}

TEST_CASE("disk options: no two disks have one id, given or not", "[vmm][options]") {
  const std::string twice = " twice, expected each disk to have its own";
  CHECK(refusal({"file=a,id=x", "file=b,id=x"}) == "--disk: found id=x" + twice);
  CHECK(refusal({"file=a,id=disk1", "file=b"}) == "--disk: found id=disk1" + twice);
}
