// operator new and delete for the whole program: small blocks that were freed are kept for the next
// call on the same thread, by size.
//
// A request of a device is a dozen coroutine frames and vectors, made and dropped in one turn of
// the Loop. glibc keeps 7 freed blocks of a size at hand, fewer than a queue has requests at once,
// and needs 300 instructions for each beyond; this needs 20 for any. Not built for sanitizers,
// which must see every block.

#include <malloc.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <new>

namespace {

constexpr std::size_t step_bytes = 16;
constexpr std::size_t most_bytes = 2048;
/// Of one size: a queue's worth of requests, and no burst's memory for good.
constexpr std::size_t most_kept_bytes = 128 << 10;

struct FreeBlock {
  FreeBlock* next;
};

struct FreeBlocks {
  FreeBlock* first = nullptr;
  std::uint32_t count = 0;
  bool is_closed = false;
};

/// The blocks that a thread keeps; gone with it.
class Kept {
 public:
  ~Kept() {
    for (FreeBlocks& size : sizes_) {
      while (size.first != nullptr) std::free(take(size));
      size.is_closed = true;  // what is freed from here on is freed
    }
  }

  void* take(std::size_t size_bytes) {
    FreeBlocks& size = sizes_[(size_bytes - 1) / step_bytes];
    return size.first == nullptr ? nullptr : take(size);
  }
  bool keep(void* block, std::size_t usable_bytes) {
    // A block of one size serves requests up to it; malloc may have given more than was asked for.
    FreeBlocks& size = sizes_[usable_bytes / step_bytes - 1];
    if (size.is_closed || size.count * usable_bytes >= most_kept_bytes) return false;
    size.first = new (block) FreeBlock{size.first};
    ++size.count;
    return true;
  }

 private:
  static void* take(FreeBlocks& size) {
    FreeBlock* const block = size.first;
    size.first = block->next;
    --size.count;
    return block;
  }

  std::array<FreeBlocks, most_bytes / step_bytes> sizes_{};
};

constinit thread_local Kept kept;

}  // namespace

void* operator new(std::size_t size_bytes) {
  if (size_bytes == 0) size_bytes = 1;
  if (size_bytes <= most_bytes) {
    if (void* const block = kept.take(size_bytes)) return block;
    size_bytes = (size_bytes + step_bytes - 1) / step_bytes * step_bytes;
  }
  void* const block = std::malloc(size_bytes);
  if (block == nullptr) throw std::bad_alloc{};
  return block;
}

void operator delete(void* block) noexcept {
  if (block == nullptr) return;
  const std::size_t usable_bytes = ::malloc_usable_size(block);
  if (usable_bytes < most_bytes + step_bytes && kept.keep(block, usable_bytes)) return;
  std::free(block);
}

void operator delete(void* block, std::size_t) noexcept {
  operator delete(block);
}
