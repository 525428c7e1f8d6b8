// A disk in front of one that takes aligned requests only, as a file opened with O_DIRECT does:
// what is not aligned goes through memory of ours that is.
//
// Threads: the Loop's, except the constructor.
// Trust:   offsets, sizes and addresses of buffers are the guest's choice; how much memory of ours
//          that takes is not.
#pragma once

#include <memory>

#include "devices/storage/disk.hpp"
#include "devices/storage/range_locks.hpp"

namespace devices::storage {

/// Powers of two.
struct Alignment {
  std::uint64_t memory_bytes = 1;  ///< Of buffers' addresses.
  std::uint64_t block_bytes = 1;   ///< Of offsets, and of buffers' sizes.
};

class AlignedDisk final : public Disk {
 public:
  /// The size of `below` is a multiple of the alignment.
  AlignedDisk(runtime::Executor executor, std::unique_ptr<Disk> below, Alignment alignment)
      : below_{std::move(below)}, alignment_{alignment}, writers_{executor} {}

  [[nodiscard]] Access access() const override { return below_->access(); }
  [[nodiscard]] bool can_discard() const override { return below_->can_discard(); }
  [[nodiscard]] std::uint64_t size_bytes() const override { return below_->size_bytes(); }
  runtime::Task<> changed() override { return below_->changed(); }

  runtime::Task<> read_at(std::uint64_t offset_bytes,
                          std::span<const std::span<std::byte>> into) override;
  runtime::Task<> write_at(std::uint64_t offset_bytes,
                           std::span<const std::span<const std::byte>> from) override;
  runtime::Task<> flush() override { return below_->flush(); }
  runtime::Task<> discard(std::uint64_t offset_bytes, std::uint64_t size_bytes) override;
  runtime::Task<> write_zeroes(std::uint64_t offset_bytes, std::uint64_t size_bytes,
                               Unmap unmap) override;

 private:
  [[nodiscard]] bool is_aligned(std::uint64_t bytes) const;
  template <typename Byte>
  [[nodiscard]] bool all_aligned(std::uint64_t offset_bytes,
                                 std::span<const std::span<Byte>> buffers) const;
  [[nodiscard]] BlockRange blocks_of(std::uint64_t offset_bytes, std::uint64_t size_bytes) const;

  /// What a request of this size needs of our memory.
  [[nodiscard]] std::uint64_t buffer_bytes(std::uint64_t size_bytes) const;

  runtime::Task<> read_bounced(std::uint64_t offset_bytes,
                               std::span<const std::span<std::byte>> into);
  runtime::Task<> write_locked(std::uint64_t offset_bytes,
                               std::span<const std::span<const std::byte>> from);
  runtime::Task<> write_bounced(std::uint64_t offset_bytes,
                                std::span<const std::span<const std::byte>> from);
  runtime::Task<> write_zero_bytes(std::uint64_t offset_bytes, std::uint64_t size_bytes);

  std::unique_ptr<Disk> below_;
  Alignment alignment_;
  RangeLocks writers_;
};

}  // namespace devices::storage
