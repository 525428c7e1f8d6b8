#include "vmm/dry_run.hpp"

#include "vmm/x86_64/describe.hpp"

namespace vmm {

std::string describe_machine(const MachineConfig& config, const BootFiles& files) {
  return x86_64::describe(config, files);
}

}  // namespace vmm
