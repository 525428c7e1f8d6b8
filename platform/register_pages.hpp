// Registers that a guest reads as it reads memory: from pages of ours, without an exit. What it
// writes there is an exit as ever.
#pragma once

#include <array>
#include <cstddef>

#include "platform/address.hpp"

namespace platform {

/// All that one holds, the guest sees. It lies in host memory of its own.
struct alignas(4096) RegisterPage {
  std::array<std::byte, 4096> bytes{};
};

/// Pages come and go while the guest runs. Callable from any thread.
class RegisterPages {
 public:
  virtual ~RegisterPages() = default;

  /// From here on the guest's reads at `place` (aligned to a page) are answered out of `page`,
  /// which stays there until `hide` or until no processor runs any more. False if the back end
  /// cannot do that: reads go on to be exits.
  [[nodiscard]] virtual bool try_show(GuestAddress place, const RegisterPage& page) noexcept = 0;
  /// Reads of a page shown there are exits again.
  virtual void hide(GuestAddress place) noexcept = 0;
};

}  // namespace platform
