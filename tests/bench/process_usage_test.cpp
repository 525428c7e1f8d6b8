#include "bench/boot/process_usage.hpp"

#include <unistd.h>

#include <filesystem>
#include <sstream>
#include <string>

#include <catch2/catch_test_macros.hpp>
#include <chrono>

using bench::memory_use;
using bench::MemoryUse;

namespace {

constexpr std::uint64_t kib = 1024;
constexpr std::uint64_t guest_bytes = 0x2000'0000;

/// A mapping as /proc/PID/smaps has it. What counts as overhead: dirty or not, if it is private.
std::string mapping(const std::string& range_and_name, int clean_kib, int dirty_kib,
                    int anonymous_kib, int shared_kib = 0) {
  const auto line = [](const char* name, int size_kib) {
    return std::string{name} + ":   " + std::to_string(size_kib) + " kB\n";
  };
  const auto resident = clean_kib + dirty_kib + shared_kib;
  return range_and_name + '\n' + line("Size", 8192) + line("KernelPageSize", 4) +
         line("Rss", resident) + line("Pss", resident) + line("Shared_Clean", shared_kib) +
         line("Shared_Dirty", 0) + line("Private_Clean", clean_kib) +
         line("Private_Dirty", dirty_kib) + line("Referenced", resident) +
         line("Anonymous", anonymous_kib) + line("AnonHugePages", 0) + line("Locked", 0) +
         "VmFlags: rd wr mr mw me ac \n";
}

const std::string text = mapping("00400000-00600000 r-xp 00000000 08:01 12   /bin/vmm", 800, 0, 0);
const std::string heap = mapping("01000000-01100000 rw-p 00000000 00:00 0    [heap]", 0, 64, 64);
const std::string library =
    mapping("7fff10000000-7fff10200000 r-xp 00000000 08:01 13  /lib/libc.so", 0, 0, 0, 1500);

MemoryUse use_of(const std::string& smaps) {
  std::istringstream in{smaps};
  return memory_use(in, guest_bytes);
}

}  // namespace

TEST_CASE("memory use: overhead is what is private outside of the guest's RAM") {
  const auto use =
      use_of(text + heap +
             mapping("7fff40000000-7fff60000000 rw-p 00000000 00:00 0", 4, 30000, 30004) + library);
  CHECK(use.overhead_bytes == (800 + 64) * kib);
  CHECK(use.anonymous_bytes == 64 * kib);
  CHECK(use.guest_bytes == 30004 * kib);
}

TEST_CASE("memory use: the guest's RAM may be cut into neighbouring mappings") {
  const auto use = use_of(
      heap + mapping("7fff40000000-7fff41000000 rw-p 00000000 00:00 0", 0, 100, 100) +
      mapping("7fff41000000-7fff42000000 r--p 00000000 08:01 14   /boot/initrd", 2000, 0, 0) +
      mapping("7fff42000000-7fff60000000 rw-p 00000000 00:00 0", 0, 50, 50) +
      mapping("7fff60000000-7fff60010000 rw-p 00000000 00:00 0", 0, 8, 8));
  CHECK(use.overhead_bytes == (64 + 8) * kib);
  CHECK(use.anonymous_bytes == (64 + 8) * kib);
  CHECK(use.guest_bytes == 2150 * kib);
}

TEST_CASE("memory use: mappings with a gap between them are not one RAM") {
  // Together as large as the RAM, which is the last.
  const auto use = use_of(mapping("7ffe00000000-7ffe10000000 rw-p 00000000 00:00 0", 0, 7, 7) +
                          mapping("7ffe10001000-7ffe20001000 rw-p 00000000 00:00 0", 0, 9, 9) +
                          mapping("7fff40000000-7fff60000000 rw-p 00000000 00:00 0", 0, 100, 100));
  CHECK(use.overhead_bytes == 16 * kib);
  CHECK(use.guest_bytes == 100 * kib);
}

TEST_CASE("memory use: RAM merged with a neighbour is the largest mapping") {
  const auto use =
      use_of(heap + mapping("7fff40000000-7fff60002000 rw-p 00000000 00:00 0", 0, 300, 300) + text);
  CHECK(use.overhead_bytes == 864 * kib);
  CHECK(use.guest_bytes == 300 * kib);
}

TEST_CASE("memory use: nothing is known of a process that is gone") {
  const auto use = use_of("");
  CHECK(use.overhead_bytes + use.anonymous_bytes + use.guest_bytes == 0);
}

TEST_CASE("memory use: lines before the first mapping and unknown ones are skipped") {
  const auto use = use_of("Private_Dirty: 5 kB\n" + heap + "Private_Dirty: lots\nfade-in\n\n" +
                          mapping("7fff40000000-7fff60000000 rw-p 00000000 00:00 0", 0, 1, 1));
  CHECK(use.overhead_bytes == 64 * kib);
}

TEST_CASE("memory use: of this very process there is some") {
  CHECK(memory_use(::getpid(), guest_bytes).overhead_bytes > 0);
}

TEST_CASE("cpu use: this very process has run") {
  if (!std::filesystem::exists("/proc/self/schedstat")) SKIP("this kernel does not count it");
  // It is counted when the processor's clock ticks; until then one that has just begun shows 0.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{10};
  while (bench::cpu_use(::getpid()).time == 0 && std::chrono::steady_clock::now() < deadline) {
  }
  CHECK(bench::cpu_use(::getpid()).time > 0);
}
