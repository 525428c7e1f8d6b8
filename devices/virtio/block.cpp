#include "devices/virtio/block.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <utility>

#include "runtime/error.hpp"
#include "runtime/timer.hpp"
#include "runtime/units.hpp"

namespace devices::virtio {

using namespace std::chrono_literals;
using namespace runtime::literals;
using block::RequestType;
using block::Segment;
using block::Status;
using runtime::Scope;
using runtime::Task;
using storage::sector_bytes;

namespace {

/// A disk's size is looked at no more often than this, although every write of the guest's may have
/// been a change.
constexpr auto size_check_interval = 1s;

/// A request of more is not answered in place, and no further one once so much has been copied in
/// one turn: others have theirs.
constexpr std::size_t most_bytes_in_place = 1_MiB;

/// Linux aligns what it can to these. Less than a page makes the host read before it writes.
constexpr std::uint8_t physical_block_exponent = 3;
constexpr std::uint16_t sectors_of_physical_block = 1 << physical_block_exponent;

Task<Status> just(Status status) {
  co_return status;
}

}  // namespace

Block::Block(storage::Disk& disk, Settings settings)
    : disk_{disk},
      settings_{std::move(settings)},
      queue_sizes_(settings_.queues, queue_size),
      capacity_sectors_{disk.size_bytes() / sector_bytes} {}

Features Block::features() const {
  Features features{block::seg_max,  block::blk_size,   block::flush,
                    block::topology, block::config_wce, block::mq};
  features.assign(block::read_only, !writable());
  features.assign(block::write_zeroes, writable());
  features.assign(block::discard, writable() && disk_.can_discard());
  return features;
}

void Block::activate(Features accepted) {
  accepted_ = accepted;
  // 5.2.5.2: a driver that cannot flush must find that there is no cache.
  can_flush_ = accepted.has(block::flush);
}

void Block::read_config(std::uint64_t offset, std::span<std::byte> data) const {
  const block::Config config{
      .capacity_sectors = capacity_sectors_,
      .size_max = 0,
      // Header and status take a descriptor each.
      .seg_max = queue_size - 2,
      .geometry = {},
      .blk_size_bytes = sector_bytes,
      .topology = {.physical_block_exp = physical_block_exponent,
                   .alignment_offset = 0,
                   .min_io_size = sectors_of_physical_block,
                   .opt_io_size = 0},
      .writeback = writes_back(),
      .unused0 = 0,
      .num_queues = settings_.queues,
      .max_discard_sectors = most_sectors_of_segment,
      .max_discard_seg = most_segments,
      .discard_sector_alignment = sectors_of_physical_block,
      .max_write_zeroes_sectors = most_sectors_of_segment,
      .max_write_zeroes_seg = most_segments,
      .write_zeroes_may_unmap = disk_.can_discard(),
      .unused1 = {},
      .max_secure_erase_sectors = 0,
      .max_secure_erase_seg = 0,
      .secure_erase_sector_alignment = 0,
  };
  read_config_of(config, offset, data);
}

void Block::write_config(std::uint64_t offset, std::span<const std::byte> data) {
  constexpr std::uint64_t place = offsetof(block::Config, writeback);
  if (offset <= place && place - offset < data.size()) {
    driver_wants_cache_ = data[place - offset] != std::byte{0};
  }
}

Task<> Block::run() {
  try {
    co_await watch_size();
  } catch (const runtime::HostError& error) {
    runtime::log::warning("disk '{}': a new size will not be noticed: {}", settings_.id,
                          error.what());
  }
}

Task<> Block::watch_size() {
  for (;;) {
    co_await disk_.changed();
    const auto sectors = current_sectors();
    if (sectors && *sectors != capacity_sectors_) {
      capacity_sectors_ = *sectors;
      if (listener_ != nullptr) listener_->config_changed();
    }
    co_await runtime::sleep_for(size_check_interval);
  }
}

std::optional<std::uint64_t> Block::current_sectors() const {
  try {
    return disk_.size_bytes() / sector_bytes;
  } catch (const runtime::HostError&) {
    return std::nullopt;  // requests will find out what is wrong
  }
}

Task<> Block::serve(Queue& queue) {
  return runtime::with_scope([this, &queue](Scope& requests) { return accept(queue, requests); });
}

Task<> Block::accept(Queue& queue, Scope& requests) {
  for (;;) {
    const bool open = co_await queue.kicked();
    if (!open) co_return;
    std::size_t copied_bytes = 0;
    const Queue::Gathered gathered{queue};
    while (copied_bytes < most_bytes_in_place) {
      auto chain = queue.pop();
      if (!chain) break;
      Request request = take_apart(std::move(*chain));
      if (request.status == nullptr) {  // nowhere to report to
        queue.push(std::move(request.chain), 0);
      } else if (answer_in_place(request)) {
        copied_bytes += request.room_bytes;
        finish(queue, std::move(request), Status::Ok);
      } else {
        requests.spawn(answer(queue, std::move(request)));
      }
    }
  }
}

Block::Request Block::take_apart(Chain chain) {
  std::byte* const status = chain.writable.take_last_byte();
  const std::size_t room_bytes = chain.writable.size_bytes();
  const auto header = chain.readable.read<block::Header>();
  return {std::move(chain), status, room_bytes, header};
}

bool Block::answer_in_place(Request& request) {
  if (!request.header || request.header->type != RequestType::In) return false;
  Writer& reply = request.chain.writable;
  if (reply.size_bytes() > most_bytes_in_place) return false;
  const auto offset_bytes = locate(request.header->sector, reply.size_bytes());
  if (!offset_bytes || !disk_.read_cached(*offset_bytes, reply.rest())) return false;
  (void)reply.skip(reply.size_bytes());
  return true;
}

Task<> Block::answer(Queue& queue, Request request) {
  Chain& chain = request.chain;
  Status status = Status::IoError;
  try {
    if (request.header) {
      status = co_await carry_out(*request.header, chain.readable, chain.writable);
    }
  } catch (const runtime::HostError& error) {
    runtime::log::guest(failures_, "disk '{}': {}", settings_.id, error.what());
  }
  finish(queue, std::move(request), status);
}

void Block::finish(Queue& queue, Request request, Status status) {
  *request.status = static_cast<std::byte>(status);
  // 2.7.8.2: all bytes up to the length we say have been written. The status is behind the data, so
  // it counts only if those are there.
  const std::size_t data_bytes = request.room_bytes - request.chain.writable.size_bytes();
  const std::size_t written_bytes = data_bytes + (data_bytes == request.room_bytes ? 1 : 0);
  queue.push(std::move(request.chain), static_cast<std::uint32_t>(written_bytes));
}

Task<Status> Block::carry_out(const block::Header& header, Reader& request, Writer& reply) {
  switch (header.type) {
    case RequestType::In:
      return read(header.sector, reply);
    case RequestType::Out:
      return write(header.sector, request);
    case RequestType::Flush:
      return flush();
    case RequestType::GetId:
      return just(give_id(reply));
    case RequestType::Discard:
      return discard(request);
    case RequestType::WriteZeroes:
      return write_zeroes(request);
  }
  return just(Status::Unsupported);
}

std::optional<std::uint64_t> Block::locate(std::uint64_t sector, std::uint64_t size_bytes) const {
  const std::uint64_t capacity_sectors = capacity_sectors_;
  const bool on_disk = size_bytes % sector_bytes == 0 && sector <= capacity_sectors &&
                       size_bytes / sector_bytes <= capacity_sectors - sector;
  return on_disk ? std::optional{sector * sector_bytes} : std::nullopt;
}

Task<Status> Block::read(std::uint64_t sector, Writer& reply) {
  const auto offset_bytes = locate(sector, reply.size_bytes());
  if (!offset_bytes) co_return Status::IoError;
  co_await disk_.read_at(*offset_bytes, reply.rest());
  (void)reply.skip(reply.size_bytes());
  co_return Status::Ok;
}

Task<Status> Block::write(std::uint64_t sector, Reader& request) {
  const auto offset_bytes = locate(sector, request.size_bytes());
  if (!offset_bytes || !writable()) co_return Status::IoError;
  co_await disk_.write_at(*offset_bytes, request.rest());
  if (!writes_back()) co_await disk_.flush();
  co_return Status::Ok;
}

Task<Status> Block::flush() {
  co_await disk_.flush();
  co_return Status::Ok;
}

Status Block::give_id(Writer& reply) const {
  std::array<char, block::id_bytes> id{};
  std::ranges::copy(settings_.id.substr(0, id.size()), id.begin());
  (void)reply.write_some(std::as_bytes(std::span{id}));
  return Status::Ok;
}

Task<Status> Block::discard(Reader& request) {
  // 5.2.6.2: to discard is to unmap; the flag for it must not be set.
  const auto [status, list] = segments(request, {.needs = block::discard, .flags = 0});
  for (const Segment& segment : list) {
    co_await disk_.discard(segment.sector * sector_bytes, segment.sectors * sector_bytes);
  }
  co_return status;
}

Task<Status> Block::write_zeroes(Reader& request) {
  const auto [status, list] =
      segments(request, {.needs = block::write_zeroes, .flags = Segment::unmap});
  for (const Segment& segment : list) {
    const auto unmap = segment.flags != 0 ? storage::Unmap::Allowed : storage::Unmap::Forbidden;
    co_await disk_.write_zeroes(segment.sector * sector_bytes, segment.sectors * sector_bytes,
                                unmap);
  }
  if (!list.empty() && !writes_back()) co_await disk_.flush();
  co_return status;
}

Block::Segments Block::segments(Reader& request, SegmentRules rules) const {
  if (!accepted_.has(rules.needs)) return {Status::Unsupported, {}};
  const std::size_t count = request.size_bytes() / sizeof(Segment);
  if (!writable() || count == 0 || count > most_segments ||
      request.size_bytes() % sizeof(Segment) != 0) {
    return {Status::IoError, {}};
  }
  Segments segments{Status::Ok, {}};
  while (const auto segment = request.read<Segment>()) {
    if ((segment->flags & ~rules.flags) != 0) return {Status::Unsupported, {}};
    if (segment->sectors > most_sectors_of_segment ||
        !locate(segment->sector, segment->sectors * sector_bytes)) {
      return {Status::IoError, {}};
    }
    segments.list.push_back(*segment);
  }
  return segments;
}

}  // namespace devices::virtio
