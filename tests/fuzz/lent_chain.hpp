// Chains of any shape, lent to a device as a fuzz target's input says.
//
// Input: a byte for how the driver cuts its buffers, one for the room it leaves, one for how many
// bytes it has to read, and these.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

#include "tests/support/fake_driver.hpp"

using Input = std::span<const std::byte>;

inline std::uint8_t take_byte(Input& input) {
  if (input.empty()) return 0;
  const auto byte = std::to_integer<std::uint8_t>(input.front());
  input = input.subspan(1);
  return byte;
}

struct LentChain {
  /// The driver's ring has 16 descriptors, and a chain that is not indirect takes four.
  static constexpr std::size_t most_at_once = 4;

  std::uint16_t id;
  std::uint32_t room_bytes;
  Input readable;
};

inline LentChain lend_chain(FakeDriver& driver, Input& input) {
  constexpr std::array<std::uint32_t, 8> rooms{0, 1, 2, 21, 512, 513, 1025, 4097};
  const std::uint8_t shape = take_byte(input);
  const std::uint32_t room_bytes = rooms[take_byte(input) % rooms.size()];
  const std::size_t size_bytes = std::min<std::size_t>(take_byte(input), input.size());
  const Input bytes = input.first(size_bytes);
  input = input.subspan(size_bytes);
  const std::size_t cut = std::min<std::size_t>(shape & 31, size_bytes);
  FakeDriver::Chain chain = driver.chain();
  chain.readable(bytes.first(cut)).readable(bytes.subspan(cut));
  const std::uint32_t room_cut = (shape & 32) != 0 ? room_bytes / 3 : 0;
  chain.writable(room_cut).writable(room_bytes - room_cut);
  if ((shape & 64) != 0) chain.indirect();
  return {chain.available(), room_bytes, bytes};
}
