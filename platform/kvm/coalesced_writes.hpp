// Port writes that KVM has set aside instead of stopping the vCPU: a ring that every vCPU of the
// VM shares, emptied before the next exit is looked at.
//
// Spec:    Linux Documentation/virt/kvm/api.rst, 4.116 "KVM_(UN)REGISTER_COALESCED_MMIO".
// Threads: any vCPU thread. An entry leaves the ring only once it has been carried out, and the
//          ring is locked until then: a second vCPU must not act on the register that the entry
//          sets up before it has.
#pragma once

#include <linux/kvm.h>

#include <atomic>
#include <cstddef>
#include <mutex>

namespace platform::kvm {

/// The page KVM shares with us. (Not <linux/kvm.h>'s own struct: its flexible array moves in C++.)
struct CoalescedRing {
  static constexpr std::size_t page_bytes = 4096;
  static constexpr unsigned capacity =
      static_cast<unsigned>((page_bytes - 8) / sizeof(kvm_coalesced_mmio));

  unsigned first;  ///< The oldest entry; ours to move.
  unsigned last;   ///< One past the newest; KVM's.
  kvm_coalesced_mmio entries[capacity];
};
static_assert(offsetof(CoalescedRing, entries) == 8);

class CoalescedWrites {
 public:
  /// The ring lies in each vCPU's mapping, the same one in all of them.
  void use(CoalescedRing* ring) { ring_ = ring; }

  [[nodiscard]] bool any() const {
    if (ring_ == nullptr) return false;
    return first().load(std::memory_order_acquire) != last().load(std::memory_order_acquire);
  }

  std::mutex& mutex() { return mutex_; }

  /// The oldest entry, or null. With the mutex held; stays in the ring until `pop`.
  [[nodiscard]] kvm_coalesced_mmio* front() {
    if (!any()) return nullptr;
    return &ring_->entries[first().load(std::memory_order_relaxed) % CoalescedRing::capacity];
  }
  void pop() {
    const unsigned next = (first().load(std::memory_order_relaxed) + 1) % CoalescedRing::capacity;
    first().store(next, std::memory_order_release);
  }

 private:
  [[nodiscard]] std::atomic_ref<unsigned> first() const { return std::atomic_ref{ring_->first}; }
  [[nodiscard]] std::atomic_ref<unsigned> last() const { return std::atomic_ref{ring_->last}; }

  CoalescedRing* ring_ = nullptr;
  std::mutex mutex_;
};

}  // namespace platform::kvm
