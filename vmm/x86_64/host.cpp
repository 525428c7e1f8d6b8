#include "vmm/architecture.hpp"

namespace vmm {

const Architecture host_architecture = Architecture::X86_64;

}  // namespace vmm
