#include "vmm/kvm_board.hpp"

#include "platform/kvm/x86_64/vm.hpp"
#include "vmm/x86_64/board.hpp"

namespace vmm {

std::unique_ptr<Board> make_kvm_board(const platform::kvm::System& kvm, const MachineConfig& config,
                                      const BootFiles& files, const Board::Wiring& wiring) {
  auto vm = std::make_unique<platform::kvm::x86_64::Vm>(
      kvm, platform::x86_64::ProcessorTopology{.count = config.processors});
  wiring.timeline.mark(BootEvent::VmCreated);
  return std::make_unique<x86_64::Board>(config, files, std::move(vm), wiring);
}

}  // namespace vmm
