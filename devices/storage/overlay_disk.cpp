#include "devices/storage/overlay_disk.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "devices/storage/buffer_list.hpp"
#include "runtime/local_event.hpp"
#include "runtime/units.hpp"

namespace devices::storage {
namespace {

using runtime::Task;

constexpr std::uint64_t block_bytes = OverlayDisk::block_bytes;

/// What the bytes touch; there is at least one.
BlockRange blocks_of(std::uint64_t offset_bytes, std::uint64_t size_bytes) {
  return {.first = offset_bytes / block_bytes,
          .last = (offset_bytes + size_bytes - 1) / block_bytes};
}

}  // namespace

OverlayDisk::OverlayDisk(runtime::Executor executor, std::unique_ptr<Disk> base,
                         std::unique_ptr<Disk> top)
    : base_{std::move(base)},
      top_{std::move(top)},
      size_bytes_{base_->size_bytes()},
      in_top_(runtime::align_up(size_bytes_, block_bytes) / block_bytes),
      writers_{executor} {}

OverlayDisk::Run OverlayDisk::run_at(std::uint64_t offset_bytes, std::uint64_t end_bytes) const {
  std::uint64_t block = offset_bytes / block_bytes;
  const bool in_top = in_top_[block];
  while (block * block_bytes < end_bytes && in_top_[block] == in_top) ++block;
  return {.size_bytes = std::min(block * block_bytes, end_bytes) - offset_bytes, .in_top = in_top};
}

bool OverlayDisk::all_in_top(std::uint64_t offset_bytes, std::uint64_t size_bytes) const {
  const Run run = run_at(offset_bytes, offset_bytes + size_bytes);
  return run.in_top && run.size_bytes == size_bytes;
}

void OverlayDisk::now_in_top(BlockRange blocks) {
  for (std::uint64_t block = blocks.first; block <= blocks.last; ++block) in_top_[block] = true;
}

/// Never: its size is the base's when it was made.
Task<> OverlayDisk::changed() {
  runtime::LocalEvent never{co_await runtime::this_executor};
  for (;;) co_await never.wait();
}

bool OverlayDisk::read_cached(std::uint64_t offset_bytes,
                              std::span<const std::span<std::byte>> into) {
  const std::uint64_t size_bytes = total_bytes(into);
  if (size_bytes == 0) return true;
  const Run run = run_at(offset_bytes, offset_bytes + size_bytes);
  return run.size_bytes == size_bytes && holder(run).read_cached(offset_bytes, into);
}

Task<> OverlayDisk::read_at(std::uint64_t offset_bytes,
                            std::span<const std::span<std::byte>> into) {
  const std::uint64_t size_bytes = total_bytes(into);
  if (size_bytes == 0) return flush();
  const Run run = run_at(offset_bytes, offset_bytes + size_bytes);
  if (run.size_bytes == size_bytes) return holder(run).read_at(offset_bytes, into);
  return read_runs(offset_bytes, into);
}

Task<> OverlayDisk::read_runs(std::uint64_t offset_bytes,
                              std::span<const std::span<std::byte>> into) {
  const std::uint64_t end_bytes = offset_bytes + total_bytes(into);
  BufferPieces<std::byte> pieces{into};
  while (offset_bytes != end_bytes) {
    const Run run = run_at(offset_bytes, end_bytes);
    const auto piece = pieces.take(run.size_bytes);
    co_await holder(run).read_at(offset_bytes, piece);
    offset_bytes += run.size_bytes;
  }
}

Task<> OverlayDisk::write_at(std::uint64_t offset_bytes,
                             std::span<const std::span<const std::byte>> from) {
  const std::uint64_t size_bytes = total_bytes(from);
  if (size_bytes == 0) return flush();
  Task<> write = top_->write_at(offset_bytes, from);
  if (all_in_top(offset_bytes, size_bytes)) return write;
  return write_new(offset_bytes, size_bytes, std::move(write));
}

Task<> OverlayDisk::write_zeroes(std::uint64_t offset_bytes, std::uint64_t size_bytes,
                                 Unmap unmap) {
  if (size_bytes == 0) return flush();
  Task<> write = top_->write_zeroes(offset_bytes, size_bytes, unmap);
  if (all_in_top(offset_bytes, size_bytes)) return write;
  return write_new(offset_bytes, size_bytes, std::move(write));
}

// Two writers of one block that is not in the top yet would both copy it there, one of them over
// what the other has written. Once it is there they do not meet any more.
Task<> OverlayDisk::write_new(std::uint64_t offset_bytes, std::uint64_t size_bytes, Task<> write) {
  const BlockRange blocks = blocks_of(offset_bytes, size_bytes);
  const RangeLocks::Held alone = co_await writers_.lock(blocks);
  co_await copy_edges(offset_bytes, size_bytes);
  co_await std::move(write);
  now_in_top(blocks);
}

Task<> OverlayDisk::copy_edges(std::uint64_t offset_bytes, std::uint64_t size_bytes) {
  const std::uint64_t end_bytes = offset_bytes + size_bytes;
  const BlockRange blocks = blocks_of(offset_bytes, size_bytes);
  const bool whole_first = runtime::is_aligned(offset_bytes, block_bytes);
  // The last block of the disk may be a short one.
  const bool whole_last = runtime::is_aligned(end_bytes, block_bytes) || end_bytes == size_bytes_;
  const bool one_block = blocks.first == blocks.last;
  if (!whole_first || (one_block && !whole_last)) co_await copy_block(blocks.first);
  if (!whole_last && !one_block) co_await copy_block(blocks.last);
}

Task<> OverlayDisk::copy_block(std::uint64_t block) {
  if (in_top_[block]) co_return;
  std::array<std::byte, block_bytes> bytes;
  const std::uint64_t start_bytes = block * block_bytes;
  const auto all = std::span{bytes}.first(std::min(block_bytes, size_bytes_ - start_bytes));
  const std::array<std::span<std::byte>, 1> into{all};
  const std::array<std::span<const std::byte>, 1> from{all};
  co_await base_->read_at(start_bytes, into);
  co_await top_->write_at(start_bytes, from);
}

// Only whole blocks in the top: the others have nothing to free.
Task<> OverlayDisk::discard(std::uint64_t offset_bytes, std::uint64_t size_bytes) {
  const std::uint64_t end_bytes = runtime::align_down(offset_bytes + size_bytes, block_bytes);
  offset_bytes = runtime::align_up(offset_bytes, block_bytes);
  while (offset_bytes < end_bytes) {
    const Run run = run_at(offset_bytes, end_bytes);
    if (run.in_top) co_await top_->discard(offset_bytes, run.size_bytes);
    offset_bytes += run.size_bytes;
  }
}

}  // namespace devices::storage
