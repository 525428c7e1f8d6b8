// A disk nobody has to be afraid of writing to: reads come from a base that stays as it is, until
// what they ask for has been written; that is in another disk, thrown away in the end.
//
// Threads: the Loop's, except the constructor.
#pragma once

#include <memory>
#include <vector>

#include "devices/storage/disk.hpp"
#include "devices/storage/range_locks.hpp"

namespace devices::storage {

class OverlayDisk final : public Disk {
 public:
  /// What is in the one or in the other; a write of less copies the rest of its block first.
  static constexpr std::uint64_t block_bytes = 4096;

  /// `top` takes bytes at every offset that `base` has; what is in it now does not matter. The size
  /// is the base's today.
  OverlayDisk(runtime::Executor executor, std::unique_ptr<Disk> base, std::unique_ptr<Disk> top);

  [[nodiscard]] Access access() const override { return Access::ReadWrite; }
  [[nodiscard]] bool can_discard() const override { return top_->can_discard(); }
  [[nodiscard]] std::uint64_t size_bytes() const override { return size_bytes_; }
  runtime::Task<> changed() override;

  /// Of what is all in the one or all in the other.
  [[nodiscard]] bool read_cached(std::uint64_t offset_bytes,
                                 std::span<const std::span<std::byte>> into) override;
  runtime::Task<> read_at(std::uint64_t offset_bytes,
                          std::span<const std::span<std::byte>> into) override;
  runtime::Task<> write_at(std::uint64_t offset_bytes,
                           std::span<const std::span<const std::byte>> from) override;
  /// Nothing here is to survive.
  runtime::Task<> flush() override { co_return; }
  runtime::Task<> discard(std::uint64_t offset_bytes, std::uint64_t size_bytes) override;
  runtime::Task<> write_zeroes(std::uint64_t offset_bytes, std::uint64_t size_bytes,
                               Unmap unmap) override;

 private:
  /// Blocks one after the other that are all in the top, or all not.
  struct Run {
    std::uint64_t size_bytes;
    bool in_top;
  };
  [[nodiscard]] Run run_at(std::uint64_t offset_bytes, std::uint64_t end_bytes) const;
  [[nodiscard]] bool all_in_top(std::uint64_t offset_bytes, std::uint64_t size_bytes) const;
  [[nodiscard]] Disk& holder(const Run& run) const { return run.in_top ? *top_ : *base_; }
  void now_in_top(BlockRange blocks);

  runtime::Task<> read_runs(std::uint64_t offset_bytes, std::span<const std::span<std::byte>> into);
  runtime::Task<> write_new(std::uint64_t offset_bytes, std::uint64_t size_bytes,
                            runtime::Task<> write);
  runtime::Task<> copy_edges(std::uint64_t offset_bytes, std::uint64_t size_bytes);
  runtime::Task<> copy_block(std::uint64_t block);

  std::unique_ptr<Disk> base_;
  std::unique_ptr<Disk> top_;
  std::uint64_t size_bytes_;
  std::vector<bool> in_top_;  // of each block: all of it has been written there
  RangeLocks writers_;        // of blocks that are not yet in the top
};

}  // namespace devices::storage
