// Requests that touch the same blocks of a disk, one after another, in the order they came.
//
// Threads: the Loop's.
#pragma once

#include <cstdint>
#include <list>
#include <utility>

#include "runtime/local_event.hpp"
#include "runtime/task.hpp"

namespace devices::storage {

/// Blocks first..last, both included.
struct BlockRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;

  [[nodiscard]] constexpr bool overlaps(const BlockRange& other) const {
    return first <= other.last && other.first <= last;
  }
  friend constexpr bool operator==(const BlockRange&, const BlockRange&) = default;
};

class RangeLocks {
 private:
  struct Claim {
    Claim(BlockRange claimed, runtime::Executor executor) : range{claimed}, freed{executor} {}
    BlockRange range;
    runtime::LocalEvent freed;  ///< An earlier one that overlaps has gone.
  };
  using Claims = std::list<Claim>;

 public:
  /// Unlocks when it goes.
  class Held {
   public:
    Held(RangeLocks& locks, Claims::iterator claim) : locks_{&locks}, claim_{claim} {}
    Held(Held&& other) noexcept
        : locks_{std::exchange(other.locks_, nullptr)}, claim_{other.claim_} {}
    Held& operator=(Held&&) = delete;
    ~Held() {
      if (locks_ != nullptr) locks_->unlock(claim_);
    }

   private:
    RangeLocks* locks_;
    Claims::iterator claim_;
  };

  explicit RangeLocks(runtime::Executor executor) : executor_{executor} {}

  /// Waits until all that came before and overlap have unlocked. A task takes one at a time.
  [[nodiscard]] runtime::Task<Held> lock(BlockRange range);

 private:
  [[nodiscard]] bool must_wait(Claims::const_iterator claim) const;
  void unlock(Claims::iterator claim) noexcept;

  runtime::Executor executor_;
  Claims claims_;  // in the order they came
};

}  // namespace devices::storage
