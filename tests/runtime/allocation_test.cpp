// What every program relies on, whoever provides operator new: ours (runtime/allocation.cpp), or a
// sanitizer's.

#include <catch2/catch_test_macros.hpp>
#include <cstdint>
#include <cstring>
#include <memory>
#include <random>
#include <thread>
#include <vector>

namespace {

struct Block {
  std::unique_ptr<unsigned char[]> bytes;
  std::size_t size_bytes;
  unsigned char mark;

  Block(std::size_t size, unsigned char filled_with)
      : bytes{new unsigned char[size]}, size_bytes{size}, mark{filled_with} {
    std::memset(bytes.get(), mark, size_bytes);
  }
  [[nodiscard]] bool intact() const {
    for (std::size_t i = 0; i < size_bytes; ++i) {
      if (bytes[i] != mark) return false;
    }
    return true;
  }
  [[nodiscard]] bool aligned() const {
    return reinterpret_cast<std::uintptr_t>(bytes.get()) % alignof(std::max_align_t) == 0;
  }
};

/// Makes and drops blocks of all sizes in no order; how many were not what they should be.
int count_spoiled(std::vector<Block>& blocks, std::uint32_t seed) {
  std::minstd_rand random{seed};
  int spoiled = 0;
  for (int step = 0; step < 20'000; ++step) {
    if (blocks.size() < 300 || random() % 2 == 0) {
      blocks.emplace_back(random() % 2200, static_cast<unsigned char>(random()));
      if (!blocks.back().aligned()) ++spoiled;
      continue;
    }
    std::swap(blocks[random() % blocks.size()], blocks.back());
    if (!blocks.back().intact()) ++spoiled;
    blocks.pop_back();
  }
  return spoiled;
}

}  // namespace

TEST_CASE("allocation: blocks are aligned and nobody else's", "[runtime]") {
  std::vector<Block> blocks;
  CHECK(count_spoiled(blocks, 1) == 0);
  for (const Block& block : blocks) CHECK(block.intact());
}

TEST_CASE("allocation: a block may be freed on another thread, and outlive its own", "[runtime]") {
  std::vector<Block> blocks;
  int spoiled = 0;
  std::thread{[&] { spoiled = count_spoiled(blocks, 2); }}.join();
  CHECK(spoiled == 0);
  CHECK(count_spoiled(blocks, 3) == 0);
  std::thread{[&] { blocks.clear(); }}.join();
}
