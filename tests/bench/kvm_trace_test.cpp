#include "bench/boot/kvm_trace.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

using bench::stamp_of;

TEST_CASE("KVM trace: a line's stamp is nanoseconds of the monotonic clock") {
  CHECK(stamp_of(
            "            lkvm-123     [000] d..1.    34.567890: kvm_entry: vcpu 0, rip 0xfff0") ==
        34'567'890'000);
  CHECK(stamp_of("       vcpu0-7       [011] .....  1234567.000001: kvm_pio: pio_write at 0x80") ==
        1'234'567'000'001'000);
}

TEST_CASE("KVM trace: a process's name may hold spaces, colons and stamps") {
  CHECK(stamp_of("       CPU 0/KVM-42      [001] d....     5.000002: kvm_entry: vcpu 0") ==
        5'000'002'000);
  CHECK(stamp_of("  at 1.000000: x-42      [001] d....     5.000002: kvm_entry: vcpu 0") ==
        5'000'002'000);
}

TEST_CASE("KVM trace: lines that are no events have no stamp") {
  const auto* line =
      GENERATE("", " ", ": ", "] : ", "# tracer: nop",
               "#           TASK-PID     CPU#  |||||  TIMESTAMP  FUNCTION",
               "#              | |         |   |||||     |  1.000000:       |",
               "            lkvm-123     [000] d..1.    34.567890 kvm_entry: vcpu 0",
               "            lkvm-123     [000] d..1.    34567890: kvm_entry: vcpu 0",
               "            lkvm-123     [000] d..1.    34.5678: kvm_entry: vcpu 0",
               "            lkvm-123     [000] d..1.    34.56789x: kvm_entry: vcpu 0",
               "            lkvm-123     [000] d..1.    -4.567890: kvm_entry: vcpu 0",
               "            lkvm-123     [000] d..1.    .567890: kvm_entry: vcpu 0",
               "CPU:0 [LOST 12 EVENTS]");
  CHECK_FALSE(stamp_of(line).has_value());
}
