#include "vmm/architecture.hpp"

namespace vmm {

const Architecture host_architecture = Architecture::Arm64;

}  // namespace vmm
