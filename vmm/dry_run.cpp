#include "vmm/dry_run.hpp"

#include "vmm/arm64/describe.hpp"
#include "vmm/x86_64/describe.hpp"

namespace vmm {

std::string describe_machine(const MachineConfig& config, const BootFiles& files) {
  if (config.architecture == Architecture::Arm64) return arm64::describe(config, files);
  return x86_64::describe(config, files);
}

}  // namespace vmm
