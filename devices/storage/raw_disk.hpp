// A disk whose sectors are the bytes of a file or block device, one for one.
//
// Threads: the Loop's, except the constructor.
#pragma once

#include <optional>

#include "devices/storage/disk.hpp"
#include "runtime/file.hpp"
#include "runtime/file_watch.hpp"

namespace devices::storage {

/// What discard() does to the file.
enum class Discard : std::uint8_t { Frees, Ignored };

class RawDisk final : public Disk {
 public:
  RawDisk(runtime::File file, Access access, Discard discard)
      : file_{std::move(file)}, access_{access}, discard_{discard} {}

  [[nodiscard]] Access access() const override { return access_; }
  [[nodiscard]] bool can_discard() const override { return discard_ == Discard::Frees; }
  [[nodiscard]] std::uint64_t size_bytes() const override { return file_.size_bytes(); }
  /// Also after each write of ours.
  runtime::Task<> changed() override;

  [[nodiscard]] bool read_cached(std::uint64_t offset_bytes,
                                 std::span<const std::span<std::byte>> into) override {
    return file_.read_cached(offset_bytes, into);
  }
  runtime::Task<> read_at(std::uint64_t offset_bytes,
                          std::span<const std::span<std::byte>> into) override {
    return file_.read_at(offset_bytes, into);
  }
  runtime::Task<> write_at(std::uint64_t offset_bytes,
                           std::span<const std::span<const std::byte>> from) override {
    return file_.write_at(offset_bytes, from);
  }
  runtime::Task<> flush() override { return file_.flush(); }
  runtime::Task<> discard(std::uint64_t offset_bytes, std::uint64_t size_bytes) override;
  runtime::Task<> write_zeroes(std::uint64_t offset_bytes, std::uint64_t size_bytes,
                               Unmap unmap) override;

 private:
  runtime::Task<> write_zeroes_by_hand(std::uint64_t offset_bytes, std::uint64_t size_bytes);

  runtime::File file_;
  Access access_;
  Discard discard_;
  std::optional<runtime::FileWatch> watch_;  // once somebody asks
};

}  // namespace devices::storage
