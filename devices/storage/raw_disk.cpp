#include "devices/storage/raw_disk.hpp"

#include <algorithm>
#include <array>

#include "devices/storage/buffer_list.hpp"
#include "runtime/error.hpp"
#include "runtime/units.hpp"

namespace devices::storage {
namespace {

using runtime::Task;
using namespace runtime::literals;

/// Aligned for files opened with O_DIRECT.
alignas(4_KiB) constexpr std::array<std::byte, 4_KiB> zeroes{};
constexpr std::size_t zeroes_at_once = 64;

/// Whether `attempt` succeeded; false where the file system, or the device, has no such operation.
Task<bool> is_supported(Task<> attempt) {
  try {
    co_await std::move(attempt);
    co_return true;
  } catch (const runtime::HostError& error) {
    // Block devices say EINVAL to what is smaller than their blocks.
    if (error.error_number() != EOPNOTSUPP && error.error_number() != EINVAL) throw;
  }
  co_return false;
}

}  // namespace

Task<> RawDisk::changed() {
  if (!watch_) {
    // What came before the first look is not told of: the caller had better look now.
    watch_.emplace(co_await runtime::this_executor, file_.native_handle());
    co_return;
  }
  co_await watch_->changed();
}

Task<> RawDisk::discard(std::uint64_t offset_bytes, std::uint64_t size_bytes) {
  if (discard_ == Discard::Ignored) co_return;
  // Where nothing can be freed nothing needs to be.
  (void)co_await is_supported(file_.punch_hole(offset_bytes, size_bytes));
}

Task<> RawDisk::write_zeroes(std::uint64_t offset_bytes, std::uint64_t size_bytes, Unmap unmap) {
  const bool frees = unmap == Unmap::Allowed && discard_ == Discard::Frees;
  Task<> attempt = frees ? file_.punch_hole(offset_bytes, size_bytes)
                         : file_.zero_range(offset_bytes, size_bytes);
  const bool done = co_await is_supported(std::move(attempt));
  if (!done) co_await write_zeroes_by_hand(offset_bytes, size_bytes);
}

Task<> RawDisk::write_zeroes_by_hand(std::uint64_t offset_bytes, std::uint64_t size_bytes) {
  std::array<std::span<const std::byte>, zeroes_at_once> list;
  list.fill(zeroes);
  constexpr std::uint64_t most_bytes = zeroes.size() * zeroes_at_once;
  while (size_bytes != 0) {
    const std::uint64_t some_bytes = std::min(size_bytes, most_bytes);
    BufferPieces<const std::byte> pieces{list};
    const auto piece = pieces.take(some_bytes);
    co_await file_.write_at(offset_bytes, piece);
    offset_bytes += some_bytes;
    size_bytes -= some_bytes;
  }
}

}  // namespace devices::storage
