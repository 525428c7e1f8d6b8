#include "vmm/kvm_board.hpp"

#include "platform/kvm/arm64/vm.hpp"
#include "vmm/arm64/board.hpp"

namespace vmm {

std::unique_ptr<Board> make_kvm_board(const platform::kvm::System& kvm, const MachineConfig& config,
                                      const BootFiles& files, const Board::Wiring& wiring) {
  auto vm = std::make_unique<platform::kvm::arm64::Vm>(kvm, config.processors,
                                                       arm64::address_bits(config));
  wiring.timeline.mark(BootEvent::VmCreated);
  return std::make_unique<arm64::Board>(config, files, std::move(vm), wiring);
}

}  // namespace vmm
