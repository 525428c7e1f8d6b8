// A board of this host's architecture on this host's KVM: the one place that joins the two.
#pragma once

#include <memory>

#include "platform/kvm/system.hpp"
#include "vmm/board.hpp"
#include "vmm/boot_files.hpp"
#include "vmm/config.hpp"

namespace vmm {

/// Marks VmCreated on the timeline. Throws what the board and KVM throw.
[[nodiscard]] std::unique_ptr<Board> make_kvm_board(const platform::kvm::System& kvm,
                                                    const MachineConfig& config,
                                                    const BootFiles& files,
                                                    const Board::Wiring& wiring);

}  // namespace vmm
