// A driver that lends a network device any chains, through any of its queues, while frames of any
// size come and go.
//
// Input: a byte of features, then steps of four bytes: what, and how much of it.

#include <array>
#include <cstdint>
#include <deque>
#include <memory>

#include "devices/virtio/net.hpp"
#include "runtime/log.hpp"
#include "runtime/loop.hpp"
#include "runtime/scope.hpp"
#include "runtime/timer.hpp"
#include "tests/fuzz/require.hpp"
#include "tests/support/fake_driver.hpp"
#include "tests/support/fake_link.hpp"

namespace {

using namespace devices::virtio;
using namespace net_feature;

constexpr std::uint64_t memory_bytes = 4 << 20;
constexpr std::uint16_t ring_size = 32;
constexpr int most_chains = ring_size / 3;  // lent at once: each takes up to three descriptors

struct Steps {
  const std::uint8_t* data;
  std::size_t size_bytes;
};

Features features_of(std::uint8_t choice) {
  Features features{Feature::Version1, Feature::IndirectDescriptors, Mq, CtrlVq};
  features.assign(Feature::RingPacked, (choice & 1) != 0);
  features.assign(Feature::EventIndex, (choice & 2) != 0);
  features.assign(MrgRxbuf, (choice & 4) != 0);
  features.assign({GuestCsum, GuestTso4}, (choice & 8) != 0);
  features.assign({CtrlRx, CtrlMacAddr, CtrlGuestOffloads}, (choice & 16) != 0);
  return features;
}

/// A device of one pair, and a driver for each of its queues.
class Bench final : public QueueEvents {
 public:
  Bench(runtime::Executor executor, Features agreed)
      : link_{executor}, device_{{.links = {&link_}}} {
    link_.can = {.checksum = true, .tcp4 = true};
    device_.activate(agreed);
    for (std::uint16_t i = 0; i < 3; ++i) {
      const platform::GuestAddress start{(i + 1) * 0x10'0000ULL};
      sides_.push_back(std::make_unique<Side>(memory_, executor, agreed, i, start, *this));
    }
  }

  runtime::Task<> play(Steps steps, runtime::Scope& tasks) {
    for (const auto& side : sides_) tasks.spawn(device_.serve(side->queue));
    for (; steps.size_bytes >= 4; steps.data += 4, steps.size_bytes -= 4) {
      step(steps.data);
      if (steps.data[0] % 4 == 0) co_await runtime::yield();
    }
    for (const auto& side : sides_) side->queue.close();
    link_.make_room(10000);
  }

 private:
  struct Side {
    Side(platform::GuestMemory& memory, runtime::Executor executor, Features agreed,
         std::uint16_t index, platform::GuestAddress start, QueueEvents& events)
        : driver{memory, agreed, ring_size, start},
          doorbell{executor},
          queue{index, driver.make_ring().value(), agreed, doorbell, events} {}
    FakeDriver driver;
    runtime::Event doorbell;
    Queue queue;
    int lent = 0;
  };

  void step(const std::uint8_t* bytes) {
    Side& side = *sides_[bytes[1] % 3u];
    const auto amount = static_cast<std::uint32_t>(bytes[2] | bytes[3] << 8);
    switch (bytes[0] / 4 % 6) {
      case 0:
        if (side.lent < most_chains) lend(side, amount);
        break;
      case 1:
        link_.arrive(FakeLink::Frame(amount, std::byte{bytes[1]}));
        break;
      case 2:
        if (const auto used = side.driver.take_used()) {
          --side.lent;
          require(side.driver.written(used->id).size() >= used->written_bytes);
        }
        break;
      case 3:
        link_.make_room(bytes[2] % 3u);
        break;
      case 4:
        if (bytes[2] == 77) link_.vanish();
        break;
      default:
        side.doorbell.notify();
    }
  }

  void lend(Side& side, std::uint32_t amount) {
    auto chain = side.driver.chain();
    const std::array<std::uint32_t, 4> command{amount, amount >> 3u, 0, 0};
    if ((amount & 1) != 0) chain.readable(std::as_bytes(std::span{command}).first(amount % 17));
    if ((amount & 2) != 0) chain.writable((amount >> 3u) % 3000);
    if ((amount & 4) != 0) chain.writable(amount % 14);
    if ((amount & 7) == 0) chain.writable(1526);
    chain.available();
    ++side.lent;
    side.doorbell.notify();
  }

  void used(std::uint16_t) noexcept override {}
  void broken(std::uint16_t) noexcept override { require(false); }  // our driver keeps the rules

  platform::GuestMemory memory_{std::array{platform::AddressRange{{0}, memory_bytes}}};
  FakeLink link_;
  Net device_;
  std::vector<std::unique_ptr<Side>> sides_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size_bytes) {
  if (size_bytes == 0 || size_bytes > 4 * 200) return 0;
  static runtime::Loop loop;  // a ring of the kernel's for each input would be slow
  runtime::log::set_level(runtime::log::Level::Error);
  Bench bench{loop.executor(), features_of(*data)};
  const auto run = [&](runtime::Scope& tasks) {
    return bench.play({data + 1, size_bytes - 1}, tasks);
  };
  loop.run(runtime::with_scope(run));
  return 0;
}
