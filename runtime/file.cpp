#include "runtime/file.hpp"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <utility>
#include <vector>

#include "runtime/error.hpp"
#include "runtime/ring.hpp"

namespace runtime {

namespace {

/// Of one operation. What is cached the kernel copies while it takes the operation, on the Loop's
/// own thread: this is how long all else on the Loop may have to wait. Linux guests ask for 1.25
/// MiB at most.
constexpr std::size_t most_bytes_at_once = 2 << 20;

/// What is left to transfer of a list of buffers, as the kernel wants it. A short list, which is
/// what nearly every request is, lives in this object.
class IoVectors {
 public:
  template <typename Byte>
  explicit IoVectors(std::span<const std::span<Byte>> list) {
    if (list.size() > few_.size()) many_.resize(list.size());
    iovec* const first = many_.empty() ? few_.data() : many_.data();
    iovec* end = first;
    for (const std::span<Byte> bytes : list) {
      if (bytes.empty()) continue;
      *end++ = {const_cast<std::byte*>(bytes.data()), bytes.size()};  // writing leaves it alone
    }
    rest_ = {first, end};
  }
  IoVectors(const IoVectors&) = delete;
  IoVectors& operator=(const IoVectors&) = delete;

  [[nodiscard]] bool empty() const { return rest_.empty(); }
  /// As much of what is left as one operation takes.
  [[nodiscard]] std::span<const iovec> next() {
    take_back();
    std::size_t count = 0;
    std::size_t room = most_bytes_at_once;
    for (; room > 0 && count < rest_.size() && count < IOV_MAX; ++count) {
      iovec& vector = rest_[count];
      if (vector.iov_len > room) {
        held_back_of_ = &vector;
        held_back_bytes_ = vector.iov_len - room;
        vector.iov_len = room;
      }
      room -= vector.iov_len;
    }
    return rest_.first(count);
  }
  void advance(std::size_t size_bytes) {
    take_back();
    while (!rest_.empty() && size_bytes >= rest_.front().iov_len) {
      size_bytes -= rest_.front().iov_len;
      rest_ = rest_.subspan(1);
    }
    if (size_bytes == 0) return;
    iovec& cut = rest_.front();
    cut = {static_cast<std::byte*>(cut.iov_base) + size_bytes, cut.iov_len - size_bytes};
  }

 private:
  void take_back() {
    if (held_back_of_ != nullptr) held_back_of_->iov_len += held_back_bytes_;
    held_back_of_ = nullptr;
  }

  std::array<iovec, 16> few_;
  std::vector<iovec> many_;
  std::span<iovec> rest_;
  iovec* held_back_of_ = nullptr;  // the end of this one was left for the next operation
  std::size_t held_back_bytes_ = 0;
};

bool is_transient(int result) {
  return result == -EINTR || result == -EAGAIN;
}

}  // namespace

File File::open(Executor executor, const std::string& path, int flags, mode_t mode) {
  UniqueFd descriptor{check(::open(path.c_str(), flags | O_CLOEXEC, mode), "open '{}'", path)};
  return File{executor, std::move(descriptor), path};
}

File::File(Executor executor, UniqueFd descriptor, std::string name)
    : executor_{executor}, descriptor_{std::move(descriptor)}, name_{std::move(name)} {}

Ring& File::ring() {
  if (ring_ == nullptr) ring_ = &Ring::of(executor_);
  return *ring_;
}

bool File::read_cached(std::uint64_t offset_bytes, std::span<const std::span<std::byte>> into) {
  if (cache_reads_ == CacheReads::Untried) {
    // With O_DIRECT there is no cache, and the kernel would wait for the device.
    const int flags = ::fcntl(native_handle(), F_GETFL);
    const bool cached = flags >= 0 && (flags & O_DIRECT) == 0;
    cache_reads_ = cached ? CacheReads::Possible : CacheReads::Impossible;
  }
  if (cache_reads_ == CacheReads::Impossible) return false;
  IoVectors vectors{into};
  while (!vectors.empty()) {
    const auto next = vectors.next();
    const ssize_t result = ::preadv2(native_handle(), next.data(), static_cast<int>(next.size()),
                                     static_cast<off_t>(offset_bytes), RWF_NOWAIT);
    if (result < 0 && errno == EOPNOTSUPP) cache_reads_ = CacheReads::Impossible;
    if (result <= 0) return false;
    vectors.advance(static_cast<std::size_t>(result));
    offset_bytes += static_cast<std::uint64_t>(result);
  }
  return true;
}

std::uint64_t File::size_bytes() const {
  struct stat status;
  check(::fstat(native_handle(), &status), "ask for the size of '{}'", name_);
  if (!S_ISBLK(status.st_mode)) return static_cast<std::uint64_t>(status.st_size);
  std::uint64_t size_bytes = 0;
  check(::ioctl(native_handle(), BLKGETSIZE64, &size_bytes), "ask for the size of '{}'", name_);
  return size_bytes;
}

Task<> File::read_at(std::uint64_t offset_bytes, std::span<std::byte> into) {
  co_await read_at(offset_bytes, std::span<const std::span<std::byte>>{&into, 1});
}

Task<> File::write_at(std::uint64_t offset_bytes, std::span<const std::byte> from) {
  co_await write_at(offset_bytes, std::span<const std::span<const std::byte>>{&from, 1});
}

Task<> File::read_at(std::uint64_t offset_bytes, std::span<const std::span<std::byte>> into) {
  IoVectors vectors{into};
  while (!vectors.empty()) {
    const int result = co_await ring().read(native_handle(), vectors.next(), offset_bytes);
    if (is_transient(result)) continue;
    if (result == 0) {
      throw HostError{ENODATA, "read '{}' at byte {}, past its end", name_, offset_bytes};
    }
    if (result < 0) throw HostError{-result, "read '{}' at byte {}", name_, offset_bytes};
    vectors.advance(static_cast<std::size_t>(result));
    offset_bytes += static_cast<std::uint64_t>(result);
  }
}

Task<> File::write_at(std::uint64_t offset_bytes,
                      std::span<const std::span<const std::byte>> from) {
  IoVectors vectors{from};
  while (!vectors.empty()) {
    const int result = co_await ring().write(native_handle(), vectors.next(), offset_bytes);
    if (is_transient(result)) continue;
    if (result == 0) {
      throw HostError{EIO, "write '{}' at byte {}: nothing was taken", name_, offset_bytes};
    }
    if (result < 0) throw HostError{-result, "write '{}' at byte {}", name_, offset_bytes};
    vectors.advance(static_cast<std::size_t>(result));
    offset_bytes += static_cast<std::uint64_t>(result);
  }
}

Task<> File::append(std::span<const std::byte> from) {
  co_await write_at(size_bytes(), from);
}

Task<> File::flush() {
  for (;;) {
    const int result = co_await ring().fdatasync(native_handle());
    if (result == 0) co_return;
    if (result != -EINTR) throw HostError{-result, "flush '{}'", name_};
  }
}

Task<> File::punch_hole(std::uint64_t offset_bytes, std::uint64_t size_bytes) {
  return allocate(FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, "punch a hole in", offset_bytes,
                  size_bytes);
}

Task<> File::zero_range(std::uint64_t offset_bytes, std::uint64_t size_bytes) {
  return allocate(FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, "zero a range of", offset_bytes,
                  size_bytes);
}

Task<> File::allocate(int mode, const char* doing, std::uint64_t offset_bytes,
                      std::uint64_t size_bytes) {
  for (;;) {
    const int result = co_await ring().fallocate(native_handle(), mode, offset_bytes, size_bytes);
    if (result == 0) co_return;
    if (result != -EINTR) {
      throw HostError{-result, "{} '{}' at byte {}", doing, name_, offset_bytes};
    }
  }
}

}  // namespace runtime
