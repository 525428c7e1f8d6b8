// virtio-blk: a disk. Each request is a task of its own; the size of a queue bounds their number.
//
// Spec:    Virtio 1.2, 5.2 "Block Device".
// Threads: configuration on vCPU threads; the rest on the Loop's.
// Trust:   headers, sectors, sizes and segments are the guest's: a request that is wrong gets a
//          status that says so, and changes nothing.
#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <vector>

#include "devices/storage/disk.hpp"
#include "devices/virtio/block_layout.hpp"
#include "devices/virtio/device.hpp"
#include "runtime/log.hpp"
#include "runtime/scope.hpp"

namespace devices::virtio {

class Block final : public Device {
 public:
  struct Settings {
    std::string id;  ///< What the guest sees as its serial number; 20 bytes of it.
    std::uint16_t queues = 1;
  };

  static constexpr std::uint16_t queue_size = 256;
  // As many as Linux sends at most, and as much as other monitors take.
  static constexpr std::uint32_t most_segments = 32;
  static constexpr std::uint32_t most_sectors_of_segment = 1 << 22;

  /// `disk` outlives this object.
  Block(storage::Disk& disk, Settings settings);

  DeviceType type() const override { return DeviceType::Block; }
  Features features() const override;
  std::span<const std::uint16_t> queue_sizes() const override { return queue_sizes_; }
  void read_config(std::uint64_t offset, std::span<std::byte> data) const override;
  void write_config(std::uint64_t offset, std::span<const std::byte> data) override;
  void listen(ConfigListener& listener) override { listener_ = &listener; }
  void activate(Features accepted) override;
  runtime::Task<> serve(Queue& queue) override;
  /// Watches whether the disk has become larger or smaller.
  runtime::Task<> run() override;

 private:
  using Status = block::Status;

  /// A chain taken apart: 5.2.6 "Device Operation".
  struct Request {
    Chain chain;
    std::byte* status;       ///< Where it goes; null if the driver left no room for it.
    std::size_t room_bytes;  ///< For data, before it.
    std::optional<block::Header> header;
  };

  /// Where on the disk that is; nothing unless they are whole sectors that it has.
  [[nodiscard]] std::optional<std::uint64_t> locate(std::uint64_t sector,
                                                    std::uint64_t size_bytes) const;
  [[nodiscard]] bool writable() const { return disk_.access() == storage::Access::ReadWrite; }
  /// Else the driver believes that what was written is safe, so a write ends with a flush.
  [[nodiscard]] bool writes_back() const { return driver_wants_cache_ && can_flush_; }
  [[nodiscard]] std::optional<std::uint64_t> current_sectors() const;

  runtime::Task<> watch_size();
  runtime::Task<> accept(Queue& queue, runtime::Scope& requests);
  [[nodiscard]] static Request take_apart(Chain chain);
  /// A read of what needs no waiting.
  [[nodiscard]] bool answer_in_place(Request& request);
  runtime::Task<> answer(Queue& queue, Request request);
  static void finish(Queue& queue, Request request, Status status);
  [[nodiscard]] runtime::Task<Status> carry_out(const block::Header& header, Reader& request,
                                                Writer& reply);
  runtime::Task<Status> read(std::uint64_t sector, Writer& reply);
  runtime::Task<Status> write(std::uint64_t sector, Reader& request);
  runtime::Task<Status> flush();
  [[nodiscard]] Status give_id(Writer& reply) const;
  runtime::Task<Status> discard(Reader& request);
  runtime::Task<Status> write_zeroes(Reader& request);

  struct SegmentRules {
    Feature needs;
    std::uint32_t flags;  ///< Those that may be set.
  };
  struct Segments {
    Status status;
    std::vector<block::Segment> list;  ///< None if one of them is wrong.
  };
  [[nodiscard]] Segments segments(Reader& request, SegmentRules rules) const;

  storage::Disk& disk_;
  Settings settings_;
  std::vector<std::uint16_t> queue_sizes_;
  ConfigListener* listener_ = nullptr;
  std::atomic<std::uint64_t> capacity_sectors_;
  std::atomic<bool> driver_wants_cache_ = true;
  std::atomic<bool> can_flush_ = true;  // the driver has said that it can
  Features accepted_;
  runtime::log::RateLimit failures_;
};

}  // namespace devices::virtio
