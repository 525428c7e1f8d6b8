// Guest RAM as the tests of the loader need it, and questions about what is in it.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "loader/bytes.hpp"
#include "loader/image.hpp"
#include "platform/guest_memory.hpp"
#include "runtime/units.hpp"

using namespace runtime::literals;
using loader::BadImage;
using loader::Bytes;
using platform::AddressRange;
using platform::GuestAddress;

/// One stretch from 0 on, or several. Takes no memory until it is written to.
inline platform::GuestMemory make_ram(std::vector<AddressRange> ranges) {
  return platform::GuestMemory{ranges};
}
inline platform::GuestMemory make_ram(std::uint64_t size_bytes = 64_MiB) {
  return make_ram({{{0}, size_bytes}});
}

inline Bytes bytes_at(const platform::GuestMemory& ram, std::uint64_t address, std::size_t size) {
  Bytes bytes(size);
  if (size > 0) REQUIRE(ram.read({address}, bytes));
  return bytes;
}

inline bool all_zero(const platform::GuestMemory& ram, std::uint64_t start, std::uint64_t end) {
  const auto bytes = ram.host_bytes({{start}, end - start});
  REQUIRE(bytes.size() == end - start);
  static constexpr std::array<std::byte, 65536> zeros{};
  for (std::size_t at = 0; at < bytes.size(); at += zeros.size()) {
    const std::size_t size = std::min(zeros.size(), bytes.size() - at);
    if (std::memcmp(bytes.data() + at, zeros.data(), size) != 0) return false;
  }
  return true;
}

/// A file of these bytes that is gone when this is.
class OpenFile {
 public:
  explicit OpenFile(const Bytes& bytes) {
    std::string name = "/tmp/mayfly-loader-XXXXXX";
    descriptor_ = ::mkstemp(name.data());
    REQUIRE(descriptor_ >= 0);
    ::unlink(name.c_str());
    REQUIRE(::write(descriptor_, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  ~OpenFile() { ::close(descriptor_); }
  [[nodiscard]] int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

#define CHECK_BAD_IMAGE(expression, text)    \
  CHECK_THROWS_MATCHES(expression, BadImage, \
                       Catch::Matchers::MessageMatches(Catch::Matchers::ContainsSubstring(text)))
