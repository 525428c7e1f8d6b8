// Byte strings that grow: what tables are made of before they go to guest RAM.
#pragma once

#include <cstddef>
#include <span>
#include <type_traits>
#include <vector>

namespace loader {

using Bytes = std::vector<std::byte>;

void append(Bytes& to, std::span<const std::byte> bytes);

/// As it lies in memory: little-endian, as the machines that run this are.
template <typename T>
requires(std::is_trivially_copyable_v<T> &&
         !std::is_convertible_v<T, std::span<const std::byte>>) void append(Bytes& to,
                                                                            const T& value) {
  append(to, std::as_bytes(std::span{&value, 1}));
}

/// The value that makes all bytes, with it in place of a 0, add up to 0.
[[nodiscard]] std::byte checksum(std::span<const std::byte> bytes);

}  // namespace loader
