#include "platform/arm64/config.hpp"

#include <fmt/core.h>

namespace platform::arm64 {
namespace {

constexpr std::uint32_t gic_v2_max_processors = 8;

void check_ppi(const char* name, Gsi interrupt) {
  if (is_ppi(interrupt)) return;
  throw InvalidConfig{fmt::format("{}: found interrupt {}, expected a private one, {}..{}", name,
                                  interrupt.value, first_ppi, first_spi - 1)};
}

void check_different(const char* name, Gsi interrupt, const char* other_name, Gsi other) {
  if (interrupt != other) return;
  throw InvalidConfig{fmt::format("{}: found interrupt {}, which {} has; expected another one",
                                  name, interrupt.value, other_name)};
}

void check_private_interrupts(const PlatformConfig& config) {
  check_ppi("virt_timer_ppi", config.virt_timer_ppi);
  check_ppi("vmbus_ppi", config.vmbus_ppi);
  check_different("virt_timer_ppi", config.virt_timer_ppi, "phys_timer_ppi", phys_timer_ppi);
  check_different("vmbus_ppi", config.vmbus_ppi, "phys_timer_ppi", phys_timer_ppi);
  check_different("vmbus_ppi", config.vmbus_ppi, "virt_timer_ppi", config.virt_timer_ppi);
  if (!config.pmu_gsiv) return;
  check_ppi("pmu_gsiv", *config.pmu_gsiv);
  check_different("pmu_gsiv", *config.pmu_gsiv, "phys_timer_ppi", phys_timer_ppi);
  check_different("pmu_gsiv", *config.pmu_gsiv, "virt_timer_ppi", config.virt_timer_ppi);
  check_different("pmu_gsiv", *config.pmu_gsiv, "vmbus_ppi", config.vmbus_ppi);
}

void check_messages(const PlatformConfig& config) {
  if (std::holds_alternative<GicIts>(config.gic_msi) &&
      !std::holds_alternative<GicV3>(config.gic_version)) {
    throw InvalidConfig{"gic_msi: found an ITS beside a GICv2, expected v2m or none"};
  }
  const auto* const v2m = std::get_if<GicV2m>(&config.gic_msi);
  if (v2m == nullptr) return;
  const bool shared = v2m->spi_base.value >= first_spi && v2m->spi_base.value < config.gic_nr_irqs;
  if (!shared || v2m->spi_count == 0 || v2m->spi_count > config.gic_nr_irqs - v2m->spi_base.value) {
    throw InvalidConfig{
        fmt::format("gic_msi: found {} interrupts from {} on, expected shared ones, {}..{}",
                    v2m->spi_count, v2m->spi_base.value, first_spi, config.gic_nr_irqs - 1)};
  }
}

}  // namespace

void validate(const PlatformConfig& config, std::uint32_t processors) {
  if (config.gic_nr_irqs < 64 || config.gic_nr_irqs > 992 || config.gic_nr_irqs % 32 != 0) {
    throw InvalidConfig{fmt::format("gic_nr_irqs: found {}, expected a multiple of 32 in 64..992",
                                    config.gic_nr_irqs)};
  }
  check_private_interrupts(config);
  check_messages(config);
  if (std::holds_alternative<GicV2>(config.gic_version) && processors > gic_v2_max_processors) {
    throw InvalidConfig{
        fmt::format("gic_version: found a GICv2 and {} processors, expected at most {}", processors,
                    gic_v2_max_processors)};
  }
}

}  // namespace platform::arm64
