#include "platform/arm64/config.hpp"

#include <catch2/catch_test_macros.hpp>
#include <string>

using namespace platform::arm64;
using platform::Gsi;

namespace {

PlatformConfig gic_v3() {
  return {.gic_distributor_base = {0xFFFF'0000},
          .gic_version = GicV3{{0xEFFF'0000}},
          .gic_msi = GicV2m{{0xEFFE'8000}, Gsi{928}, 64},
          .pmu_gsiv = Gsi{23}};
}

std::string complaint(const PlatformConfig& config, std::uint32_t processors = 1) {
  try {
    validate(config, processors);
  } catch (const InvalidConfig& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("arm64 config: a GICv3 with v2m and a PMU is a machine", "[platform][arm64]") {
  CHECK(complaint(gic_v3(), 255) == "");
}

TEST_CASE("arm64 config: private interrupts are 16 to 31", "[platform][arm64]") {
  for (const std::uint32_t good : {16u, 31u}) {
    auto config = gic_v3();
    config.virt_timer_ppi = Gsi{good};
    CHECK(complaint(config) == "");
  }
  for (const std::uint32_t bad : {0u, 15u, 32u, 1u << 31}) {
    auto config = gic_v3();
    config.virt_timer_ppi = Gsi{bad};
    CHECK(complaint(config) == "virt_timer_ppi: found interrupt " + std::to_string(bad) +
                                   ", expected a private one, 16..31");
    config = gic_v3();
    config.pmu_gsiv = Gsi{bad};
    CHECK(complaint(config).starts_with("pmu_gsiv: found interrupt " + std::to_string(bad)));
  }
}

TEST_CASE("arm64 config: no two private interrupts are the same", "[platform][arm64]") {
  auto config = gic_v3();
  config.pmu_gsiv = config.virt_timer_ppi;
  CHECK(complaint(config) ==
        "pmu_gsiv: found interrupt 20, which virt_timer_ppi has; expected another one");
  config = gic_v3();
  config.vmbus_ppi = config.virt_timer_ppi;
  CHECK(complaint(config).starts_with("vmbus_ppi: found interrupt 20"));
  config = gic_v3();
  config.virt_timer_ppi = phys_timer_ppi;
  CHECK(complaint(config) ==
        "virt_timer_ppi: found interrupt 30, which phys_timer_ppi has; expected another one");
  config = gic_v3();
  config.pmu_gsiv = phys_timer_ppi;
  CHECK(complaint(config).starts_with("pmu_gsiv: found interrupt 30"));
  config = gic_v3();
  config.vmbus_ppi = phys_timer_ppi;
  CHECK(complaint(config).starts_with("vmbus_ppi: found interrupt 30"));
}

TEST_CASE("arm64 config: a GICv2 has eight processors and no ITS", "[platform][arm64]") {
  auto config = gic_v3();
  config.gic_version = GicV2{{0xEFFF'0000}};
  CHECK(complaint(config, 8) == "");
  CHECK(complaint(config, 9) == "gic_version: found a GICv2 and 9 processors, expected at most 8");
  config.gic_msi = GicIts{{0xEFFC'0000}};
  CHECK(complaint(config) == "gic_msi: found an ITS beside a GICv2, expected v2m or none");
}

TEST_CASE("arm64 config: message interrupts are shared ones the controller has",
          "[platform][arm64]") {
  auto config = gic_v3();
  config.gic_msi = GicV2m{{0xEFFE'8000}, Gsi{928}, 65};
  CHECK(complaint(config) ==
        "gic_msi: found 65 interrupts from 928 on, expected shared ones, 32..991");
  config.gic_msi = GicV2m{{0xEFFE'8000}, Gsi{31}, 1};
  CHECK_FALSE(complaint(config).empty());
  config.gic_msi = GicV2m{{0xEFFE'8000}, Gsi{32}, 0};
  CHECK_FALSE(complaint(config).empty());
}

TEST_CASE("arm64 config: interrupt counts are multiples of 32 up to 992", "[platform][arm64]") {
  for (const std::uint32_t bad : {0u, 32u, 65u, 1020u, 1024u}) {
    auto config = gic_v3();
    config.gic_nr_irqs = bad;
    CHECK(complaint(config) ==
          "gic_nr_irqs: found " + std::to_string(bad) + ", expected a multiple of 32 in 64..992");
  }
}

TEST_CASE("arm64: KVM puts 16 processors into a cluster", "[platform][arm64]") {
  CHECK(default_mpidr(0) == 0);
  CHECK(default_mpidr(15) == 0xF);
  CHECK(default_mpidr(16) == 0x100);
  CHECK(default_mpidr(255) == 0xF0F);
  CHECK(default_mpidr(4096) == 0x1'0000);
}
