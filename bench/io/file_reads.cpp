// What one 4 KiB read of a file in the page cache costs us: `file_reads FILE DEPTH READS`.
//
// For callgrind, strace -c and the clock; bench/README.md says how to read them.
#include <fcntl.h>
#include <fmt/core.h>

#include <array>
#include <charconv>
#include <chrono>
#include <string_view>

#include "runtime/file.hpp"
#include "runtime/loop.hpp"
#include "runtime/scope.hpp"

namespace {

constexpr std::size_t block_bytes = 4096;

/// One of those who read at once, each where the last one stopped.
runtime::Task<> reader(runtime::File& file, std::uint64_t blocks, std::uint64_t& next,
                       std::uint64_t reads) {
  std::array<std::byte, block_bytes> block;
  const std::array<std::span<std::byte>, 1> into{block};
  while (next < reads) co_await file.read_at(next++ * 7 % blocks * block_bytes, into);
}

runtime::Task<> readers(runtime::File& file, int depth, std::uint64_t reads) {
  const std::uint64_t blocks = file.size_bytes() / block_bytes;
  std::uint64_t next = 0;
  co_await runtime::with_scope([&](runtime::Scope& scope) {
    for (int i = 0; i < depth; ++i) scope.spawn(reader(file, blocks, next, reads));
  });
}

std::uint64_t number(std::string_view text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    fmt::print(stderr, "usage: file_reads FILE DEPTH READS\n");
    return 64;
  }
  runtime::Loop loop;
  auto file = runtime::File::open(loop.executor(), argv[1], O_RDONLY);
  const std::uint64_t reads = number(argv[3]);
  const auto start = std::chrono::steady_clock::now();
  loop.run(readers(file, static_cast<int>(number(argv[2])), reads));
  const std::chrono::duration<double, std::nano> passed = std::chrono::steady_clock::now() - start;
  fmt::print("{:.0f} ns per read\n", passed.count() / static_cast<double>(reads));
}
