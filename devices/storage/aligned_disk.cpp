#include "devices/storage/aligned_disk.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <new>

#include "devices/storage/buffer_list.hpp"
#include "runtime/units.hpp"

namespace devices::storage {
namespace {

using runtime::Task;
using namespace runtime::literals;

/// The most that is bounced at once, whatever a guest asks for; a multiple of any alignment.
constexpr std::uint64_t bounce_bytes = 256_KiB;

/// The aligned range around one that is not.
struct Cover {
  std::uint64_t start_bytes;
  std::uint64_t size_bytes;
  std::uint64_t skipped_bytes;  ///< Of it, before the range begins.
};

Cover cover(std::uint64_t offset_bytes, std::uint64_t size_bytes, std::uint64_t block_bytes) {
  const std::uint64_t start_bytes = runtime::align_down(offset_bytes, block_bytes);
  const std::uint64_t end_bytes = runtime::align_up(offset_bytes + size_bytes, block_bytes);
  return {start_bytes, end_bytes - start_bytes, offset_bytes - start_bytes};
}

class AlignedBuffer {
 public:
  AlignedBuffer(std::uint64_t size_bytes, std::uint64_t alignment)
      : alignment_{std::max<std::uint64_t>(alignment, alignof(std::max_align_t))},
        bytes_{static_cast<std::byte*>(::operator new(size_bytes, alignment_)), size_bytes} {}
  AlignedBuffer(const AlignedBuffer&) = delete;
  AlignedBuffer& operator=(const AlignedBuffer&) = delete;
  ~AlignedBuffer() { ::operator delete(bytes_.data(), alignment_); }

  [[nodiscard]] std::span<std::byte> first(std::uint64_t size_bytes) {
    return bytes_.first(size_bytes);
  }

 private:
  std::align_val_t alignment_;
  std::span<std::byte> bytes_;
};

Task<> read_one(Disk& disk, std::uint64_t offset_bytes, std::span<std::byte> into) {
  const std::array<std::span<std::byte>, 1> list{into};
  co_await disk.read_at(offset_bytes, list);
}

Task<> write_one(Disk& disk, std::uint64_t offset_bytes, std::span<const std::byte> from) {
  const std::array<std::span<const std::byte>, 1> list{from};
  co_await disk.write_at(offset_bytes, list);
}

}  // namespace

bool AlignedDisk::is_aligned(std::uint64_t bytes) const {
  return runtime::is_aligned(bytes, alignment_.block_bytes);
}

template <typename Byte>
bool AlignedDisk::all_aligned(std::uint64_t offset_bytes,
                              std::span<const std::span<Byte>> buffers) const {
  return is_aligned(offset_bytes) && std::ranges::all_of(buffers, [this](std::span<Byte> buffer) {
           const auto address = std::bit_cast<std::uintptr_t>(buffer.data());
           return is_aligned(buffer.size()) &&
                  runtime::is_aligned(address, alignment_.memory_bytes);
         });
}

std::uint64_t AlignedDisk::buffer_bytes(std::uint64_t size_bytes) const {
  // A block more on either side.
  return std::min(runtime::align_up(size_bytes, alignment_.block_bytes), bounce_bytes) +
         2 * alignment_.block_bytes;
}

BlockRange AlignedDisk::blocks_of(std::uint64_t offset_bytes, std::uint64_t size_bytes) const {
  return {
      .first = offset_bytes / alignment_.block_bytes,
      .last = (offset_bytes + std::max<std::uint64_t>(size_bytes, 1) - 1) / alignment_.block_bytes};
}

Task<> AlignedDisk::read_at(std::uint64_t offset_bytes,
                            std::span<const std::span<std::byte>> into) {
  if (all_aligned(offset_bytes, into)) return below_->read_at(offset_bytes, into);
  return read_bounced(offset_bytes, into);
}

Task<> AlignedDisk::read_bounced(std::uint64_t offset_bytes,
                                 std::span<const std::span<std::byte>> into) {
  AlignedBuffer bounce{buffer_bytes(total_bytes(into)), alignment_.memory_bytes};
  BufferPieces<std::byte> pieces{into};
  for (std::uint64_t left_bytes = total_bytes(into); left_bytes != 0;) {
    const std::uint64_t some_bytes = std::min(left_bytes, bounce_bytes);
    const Cover whole = cover(offset_bytes, some_bytes, alignment_.block_bytes);
    const std::span<std::byte> bytes = bounce.first(whole.size_bytes);
    co_await read_one(*below_, whole.start_bytes, bytes);
    pieces.copy_in(bytes.subspan(whole.skipped_bytes, some_bytes));
    offset_bytes += some_bytes;
    left_bytes -= some_bytes;
  }
}

// Where blocks are larger than sectors, a write of less than a block writes back what it has read
// of the rest: it must not meet any other write there. With smaller blocks writes need no order.
Task<> AlignedDisk::write_at(std::uint64_t offset_bytes,
                             std::span<const std::span<const std::byte>> from) {
  if (alignment_.block_bytes <= sector_bytes && all_aligned(offset_bytes, from)) {
    return below_->write_at(offset_bytes, from);
  }
  return write_locked(offset_bytes, from);
}

Task<> AlignedDisk::write_locked(std::uint64_t offset_bytes,
                                 std::span<const std::span<const std::byte>> from) {
  const RangeLocks::Held alone = co_await writers_.lock(blocks_of(offset_bytes, total_bytes(from)));
  Task<> write = all_aligned(offset_bytes, from) ? below_->write_at(offset_bytes, from)
                                                 : write_bounced(offset_bytes, from);
  co_await std::move(write);
}

Task<> AlignedDisk::write_bounced(std::uint64_t offset_bytes,
                                  std::span<const std::span<const std::byte>> from) {
  AlignedBuffer bounce{buffer_bytes(total_bytes(from)), alignment_.memory_bytes};
  BufferPieces<const std::byte> pieces{from};
  for (std::uint64_t left_bytes = total_bytes(from); left_bytes != 0;) {
    const std::uint64_t some_bytes = std::min(left_bytes, bounce_bytes);
    const Cover whole = cover(offset_bytes, some_bytes, alignment_.block_bytes);
    const std::span<std::byte> bytes = bounce.first(whole.size_bytes);
    if (whole.size_bytes != some_bytes) co_await read_one(*below_, whole.start_bytes, bytes);
    pieces.copy_out(bytes.subspan(whole.skipped_bytes, some_bytes));
    co_await write_one(*below_, whole.start_bytes, bytes);
    offset_bytes += some_bytes;
    left_bytes -= some_bytes;
  }
}

Task<> AlignedDisk::discard(std::uint64_t offset_bytes, std::uint64_t size_bytes) {
  const std::uint64_t end_bytes =
      runtime::align_down(offset_bytes + size_bytes, alignment_.block_bytes);
  offset_bytes = runtime::align_up(offset_bytes, alignment_.block_bytes);
  if (offset_bytes < end_bytes) co_await below_->discard(offset_bytes, end_bytes - offset_bytes);
}

Task<> AlignedDisk::write_zeroes(std::uint64_t offset_bytes, std::uint64_t size_bytes,
                                 Unmap unmap) {
  const std::uint64_t end_bytes = offset_bytes + size_bytes;
  const std::uint64_t middle_bytes = runtime::align_up(offset_bytes, alignment_.block_bytes);
  const std::uint64_t tail_bytes = runtime::align_down(end_bytes, alignment_.block_bytes);
  if (middle_bytes >= tail_bytes) {
    co_await write_zero_bytes(offset_bytes, size_bytes);
    co_return;
  }
  co_await write_zero_bytes(offset_bytes, middle_bytes - offset_bytes);
  {
    const RangeLocks::Held alone =
        co_await writers_.lock(blocks_of(middle_bytes, tail_bytes - middle_bytes));
    co_await below_->write_zeroes(middle_bytes, tail_bytes - middle_bytes, unmap);
  }
  co_await write_zero_bytes(tail_bytes, end_bytes - tail_bytes);
}

/// Less than two blocks.
Task<> AlignedDisk::write_zero_bytes(std::uint64_t offset_bytes, std::uint64_t size_bytes) {
  if (size_bytes == 0) co_return;
  const std::vector<std::byte> zeroes(size_bytes);
  co_await write_one(*this, offset_bytes, zeroes);
}

}  // namespace devices::storage
