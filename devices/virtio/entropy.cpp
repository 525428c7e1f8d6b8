#include "devices/virtio/entropy.hpp"

#include <sys/random.h>

#include <algorithm>

namespace devices::virtio {
namespace {

/// Enough for any one request of Linux (64 bytes). More would let a guest keep the Loop busy; the
/// specification lets us give less than is asked for.
constexpr std::size_t most_bytes = 4096;

std::uint32_t fill(Writer& writer) {
  std::array<std::byte, most_bytes> bytes;
  const std::size_t wanted = std::min(writer.size_bytes(), bytes.size());
  // Never waits: the host has gathered its entropy long before it starts VMs.
  const ssize_t got = ::getrandom(bytes.data(), wanted, GRND_NONBLOCK);
  const std::size_t size = static_cast<std::size_t>(std::max<ssize_t>(got, 0));
  return static_cast<std::uint32_t>(writer.write_some(std::span{bytes}.first(size)));
}

}  // namespace

void Entropy::read_config(std::uint64_t, std::span<std::byte> data) const {
  std::ranges::fill(data, std::byte{0});
}

runtime::Task<> Entropy::serve(Queue& queue) {
  for (;;) {
    const bool open = co_await queue.kicked();
    if (!open) co_return;
    while (auto chain = queue.pop()) {
      const std::uint32_t written_bytes = fill(chain->writable);
      queue.push(std::move(*chain), written_bytes);
    }
  }
}

}  // namespace devices::virtio
