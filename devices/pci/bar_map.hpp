// Which function answers at an address, while the guest moves them about.
//
// Threads: BARs are added before the first vCPU runs; from then on `move` by one thread at a time,
//          look-ups by any, which take no lock: a vCPU that looks while another moves a BAR finds
//          it at its old place, at its new one, or nowhere.
// Trust:   the guest may put BARs over each other: the one added first answers.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

#include "devices/pci/function.hpp"
#include "platform/address.hpp"

namespace devices::pci {

class BarMap {
 public:
  class Place {
   public:
    Place(Function& owner, unsigned bar)
        : function{owner},
          index{bar},
          space{owner.bar_space(bar)},
          size_bytes_{owner.bar_bytes(bar)} {}

    Function& function;
    const unsigned index;
    const Space space;

    [[nodiscard]] std::optional<platform::GuestAddress> start() const {
      const std::uint64_t start = start_.load(std::memory_order_acquire);
      if (start == nowhere) return std::nullopt;
      return platform::GuestAddress{start};
    }
    void move(std::optional<platform::GuestAddress> to) {
      start_.store(to ? to->value : nowhere, std::memory_order_release);
    }
    /// Where in it an access lies that is wholly inside of it.
    [[nodiscard]] std::optional<std::uint64_t> offset_of(platform::AddressRange access) const {
      const auto first = start();
      if (!first || !platform::AddressRange{*first, size_bytes_}.contains(access)) {
        return std::nullopt;
      }
      return access.start - *first;
    }

   private:
    static constexpr std::uint64_t nowhere = ~std::uint64_t{0};  // no BAR begins at an odd address

    const std::uint64_t size_bytes_;
    std::atomic<std::uint64_t> start_ = nowhere;
  };

  /// All BARs of a function, nowhere as yet.
  void add(Function& function) {
    for (unsigned bar = 0; bar < bar_count; ++bar) {
      if (function.bar_bytes(bar) != 0) places_.emplace_back(function, bar);
    }
  }

  [[nodiscard]] std::deque<Place>& places() { return places_; }

  struct Found {
    Function& function;
    unsigned bar;
    std::uint64_t offset;
  };
  /// A walk over all of them: they are few, and a vCPU that comes here has paid for an exit.
  [[nodiscard]] std::optional<Found> find(Space space, platform::AddressRange access) const {
    for (const Place& place : places_) {
      if (place.space != space) continue;
      if (const auto offset = place.offset_of(access)) {
        return Found{place.function, place.index, *offset};
      }
    }
    return std::nullopt;
  }

 private:
  std::deque<Place> places_;
};

}  // namespace devices::pci
