// A driver that writes anything into the registers of a virtio-mmio device, between turns of the
// Loop.
//
// Input: steps of an operation, a register and four bytes of value.

#include <array>
#include <cstdint>
#include <cstring>

#include "devices/virtio/entropy.hpp"
#include "devices/virtio/mmio_transport.hpp"
#include "platform/guest_memory.hpp"
#include "runtime/loop.hpp"
#include "runtime/scope.hpp"
#include "runtime/timer.hpp"
#include "tests/fuzz/require.hpp"

namespace {

using namespace devices::virtio;

constexpr std::uint64_t memory_bytes = 0x10000;

struct Input {
  const std::uint8_t* data;
  std::size_t size_bytes;
};

std::uint32_t read(MmioTransport& transport, std::uint64_t offset) {
  std::uint32_t value = 0;
  transport.read(offset, std::as_writable_bytes(std::span{&value, 1}));
  return value;
}

void write(MmioTransport& transport, std::uint64_t offset, std::uint32_t value) {
  transport.write(offset, std::as_bytes(std::span{&value, 1}));
}

/// What no fuzzer would find soon: the way to a running device.
void set_up(MmioTransport& transport) {
  for (const auto& [offset, value] :
       std::to_array<std::pair<std::uint64_t, std::uint32_t>>({{0x70, 1},
                                                               {0x70, 3},
                                                               {0x24, 1},
                                                               {0x20, 1},
                                                               {0x70, 11},
                                                               {0x30, 0},
                                                               {0x38, 8},
                                                               {0x80, 0x1000},
                                                               {0x90, 0x2000},
                                                               {0xA0, 0x3000},
                                                               {0x44, 1},
                                                               {0x70, 15}})) {
    write(transport, offset, value);
  }
}

runtime::Task<> play(MmioTransport& transport, platform::GuestMemory& memory, Input input,
                     runtime::Scope& tasks) {
  const auto& [data, size_bytes] = input;
  for (std::size_t at = 0; at + 6 <= size_bytes; at += 6) {
    std::uint32_t value = 0;
    std::memcpy(&value, data + at + 2, sizeof value);
    const std::uint64_t offset = data[at + 1] * 4u;
    switch (data[at] % 6) {
      case 0:
        (void)read(transport, offset);
        break;
      case 1:
        // A reset, or a queue's, waits for the Loop, which is this very thread.
        if (offset != 0x70 && offset != 0x44 && offset != 0xC0) write(transport, offset, value);
        break;
      case 2:
        if (read(transport, 0x70) == 0) set_up(transport);
        break;
      case 3:
        (void)memory.store({0x1000u + value % 0x2400}, data[at + 1]);
        write(transport, 0x50, 0);
        break;
      case 4:
        write(transport, 0x70, value | 1);
        break;
      default:
        co_await runtime::yield();
    }
    require(read(transport, 0x00) == 0x74726976);
  }
  tasks.request_stop();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size_bytes) {
  if (size_bytes > 6 * 200) return 0;
  platform::GuestMemory memory{std::array{platform::AddressRange{{0}, memory_bytes}}};
  static runtime::Loop loop;  // a ring of the kernel's for each input would be slow
  Entropy device;
  MmioTransport transport{loop.executor(), memory, device, platform::InterruptEdge{}};
  const auto run = [&](runtime::Scope& tasks) {
    tasks.spawn(transport.core().run());
    tasks.spawn(play(transport, memory, {data, size_bytes}, tasks));
  };
  loop.run(runtime::with_scope(run));
  write(transport, 0x70, 0);  // nobody serves it any more, so this does not wait
  return 0;
}
