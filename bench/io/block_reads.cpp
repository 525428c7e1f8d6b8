// What one 4 KiB read costs a virtio disk, from the driver's ring and back, the file being in the
// page cache: `block_reads FILE DEPTH READS`. The driver is a dozen instructions; there is no
// guest.
//
// For callgrind, strace -c and the clock; bench/README.md says how to read them.
#include <fcntl.h>
#include <fmt/core.h>

#include <array>
#include <charconv>
#include <chrono>
#include <string_view>

#include "devices/storage/raw_disk.hpp"
#include "devices/virtio/block.hpp"
#include "devices/virtio/ring_layout.hpp"
#include "devices/virtio/ring_memory.hpp"
#include "runtime/local_event.hpp"
#include "runtime/loop.hpp"
#include "runtime/scope.hpp"

namespace {

using namespace devices::virtio;
using platform::GuestAddress;
using runtime::Task;

constexpr std::uint32_t block_bytes = 4096;
constexpr std::uint64_t memory_bytes = 2 << 20;
constexpr std::uint16_t ring_size = 256;
constexpr std::uint16_t most_at_once = 64;
constexpr RingPlaces places{
    .size = ring_size, .descriptors = {0x0000}, .driver_area = {0x2000}, .device_area = {0x3000}};
constexpr GuestAddress headers{0x8000};
constexpr GuestAddress statuses{0xC000};
constexpr GuestAddress buffers{0x10000};

/// Keeps `depth` reads with the device; each chain has descriptors and buffers of its own.
class Driver final : public QueueEvents {
 public:
  Driver(platform::GuestMemory& memory, runtime::Executor executor, std::uint64_t file_bytes)
      : driver_area_{RingMemory::at(memory, places.driver_area, 0x1000, 2).value()},
        device_area_{RingMemory::at(memory, places.device_area, 0x1000, 4).value()},
        headers_{RingMemory::at(memory, headers, most_at_once * 16, 8).value()},
        blocks_{file_bytes / block_bytes},
        some_used_{executor} {
    for (std::uint16_t i = 0; i < most_at_once; ++i) describe(memory, i);
  }

  Task<> run(std::uint16_t depth, std::uint64_t reads, runtime::Event& doorbell) {
    for (std::uint16_t chain = 0; chain < depth; ++chain) lend(chain);
    std::uint16_t seen = 0;
    for (std::uint64_t done = 0; done < reads;) {
      publish(doorbell);
      co_await some_used_.wait();
      const auto used =
          device_area_.load<std::uint16_t>(split::index_offset, std::memory_order_acquire);
      for (; seen != used; ++seen, ++done) {
        const std::uint64_t place = split::ring_offset + 8 * (seen % ring_size);
        lend(static_cast<std::uint16_t>(device_area_.copy<split::UsedElement>(place).id / 3));
      }
    }
  }

  void used(std::uint16_t) noexcept override { some_used_.notify(); }
  void broken(std::uint16_t) noexcept override { std::terminate(); }

 private:
  static void describe(platform::GuestMemory& memory, std::uint16_t chain) {
    constexpr auto next = static_cast<std::uint16_t>(DescriptorFlags::Next);
    constexpr auto write = static_cast<std::uint16_t>(DescriptorFlags::Write);
    const auto first = static_cast<std::uint16_t>(3 * chain);
    const std::array<split::Descriptor, 3> descriptors{
        {{(headers + 16u * chain).value, 16, next, static_cast<std::uint16_t>(first + 1)},
         {(buffers + block_bytes * std::uint64_t{chain}).value, block_bytes,
          static_cast<std::uint16_t>(next | write), static_cast<std::uint16_t>(first + 2)},
         {(statuses + chain).value, 1, write, 0}}};
    (void)memory.store(places.descriptors + 16u * first, descriptors);
  }

  void lend(std::uint16_t chain) {
    const std::uint64_t sector = next_block_++ * 7 % blocks_ * (block_bytes / 512);
    headers_.put(16u * chain, block::Header{block::RequestType::In, 0, sector});
    driver_area_.store<std::uint16_t>(split::ring_offset + 2 * (lent_++ % ring_size),
                                      static_cast<std::uint16_t>(3 * chain),
                                      std::memory_order_relaxed);
  }
  void publish(runtime::Event& doorbell) {
    driver_area_.store<std::uint16_t>(split::index_offset, lent_, std::memory_order_release);
    doorbell.notify();
  }

  RingMemory driver_area_;
  RingMemory device_area_;
  RingMemory headers_;
  std::uint64_t blocks_;
  std::uint64_t next_block_ = 0;
  std::uint16_t lent_ = 0;
  runtime::LocalEvent some_used_;
};

Task<> close_after(Task<> script, Queue& queue) {
  co_await std::move(script);
  queue.close();
}

std::uint64_t number(std::string_view text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4 || number(argv[2]) > most_at_once) {
    fmt::print(stderr, "usage: block_reads FILE DEPTH READS\n");
    return 64;
  }
  runtime::Loop loop;
  devices::storage::RawDisk disk{runtime::File::open(loop.executor(), argv[1], O_RDONLY),
                                 devices::storage::Access::ReadOnly,
                                 devices::storage::Discard::Ignored};
  platform::GuestMemory memory{std::array{platform::AddressRange{{0}, memory_bytes}}};
  Driver driver{memory, loop.executor(), disk.size_bytes()};
  runtime::Event doorbell{loop.executor()};
  const Features agreed{Feature::Version1};
  Queue queue{0, SplitRing::make(memory, places, agreed).value(), agreed, doorbell, driver};
  Block block{disk, {.id = "bench"}};
  block.activate(block.features());
  const std::uint64_t reads = number(argv[3]);
  const auto start = std::chrono::steady_clock::now();
  const auto depth = static_cast<std::uint16_t>(number(argv[2]));
  loop.run(
      runtime::all(block.serve(queue), close_after(driver.run(depth, reads, doorbell), queue)));
  const std::chrono::duration<double, std::nano> passed = std::chrono::steady_clock::now() - start;
  fmt::print("{:.0f} ns per read\n", passed.count() / static_cast<double>(reads));
}
