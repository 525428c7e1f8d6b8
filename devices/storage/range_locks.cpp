#include "devices/storage/range_locks.hpp"

#include <algorithm>

namespace devices::storage {

runtime::Task<RangeLocks::Held> RangeLocks::lock(BlockRange range) {
  const auto claim = claims_.emplace(claims_.end(), range, executor_);
  Held held{*this, claim};
  while (must_wait(claim)) co_await claim->freed.wait();
  co_return std::move(held);
}

bool RangeLocks::must_wait(Claims::const_iterator claim) const {
  return std::any_of(claims_.begin(), claim, [claim](const Claim& earlier) {
    return earlier.range.overlaps(claim->range);
  });
}

void RangeLocks::unlock(Claims::iterator claim) noexcept {
  const BlockRange range = claim->range;
  for (auto later = claims_.erase(claim); later != claims_.end(); ++later) {
    if (later->range.overlaps(range)) later->freed.notify();
  }
}

}  // namespace devices::storage
