#include "runtime/file.hpp"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <asio/basic_random_access_file.hpp>
#include <asio/buffer.hpp>
#include <iterator>
#include <utility>
#include <vector>

#include "runtime/failure.hpp"
#include "runtime/ring.hpp"

namespace runtime {

namespace {

template <typename Byte>
using BufferOf =
    std::conditional_t<std::is_const_v<Byte>, asio::const_buffer, asio::mutable_buffer>;

/// What is left to transfer of one buffer.
template <typename Byte>
class Remaining {
 public:
  explicit Remaining(std::span<Byte> bytes) : bytes_{bytes} {}
  [[nodiscard]] bool empty() const { return bytes_.empty(); }
  [[nodiscard]] BufferOf<Byte> buffers() const { return {bytes_.data(), bytes_.size()}; }
  void advance(std::size_t size_bytes) { bytes_ = bytes_.subspan(size_bytes); }

 private:
  std::span<Byte> bytes_;
};

/// What is left to transfer of a list of buffers, as the buffer sequence Asio wants: a view,
/// with the bytes already done cut from its first buffer.
template <typename Byte>
class RemainingList {
 public:
  class Iterator {
   public:
    using iterator_category = std::bidirectional_iterator_tag;
    using value_type = BufferOf<Byte>;
    using difference_type = std::ptrdiff_t;
    using pointer = const value_type*;
    using reference = value_type;

    Iterator() = default;
    Iterator(const std::span<Byte>* at, std::size_t skipped_bytes)
        : at_{at}, first_{at}, skipped_bytes_{skipped_bytes} {}

    value_type operator*() const {
      const auto bytes = at_ == first_ ? at_->subspan(skipped_bytes_) : *at_;
      return {bytes.data(), bytes.size()};
    }
    Iterator& operator++() { return ++at_, *this; }
    Iterator operator++(int) { return std::exchange(*this, std::next(*this)); }
    Iterator& operator--() { return --at_, *this; }
    Iterator operator--(int) { return std::exchange(*this, std::prev(*this)); }
    bool operator==(const Iterator& other) const { return at_ == other.at_; }

   private:
    const std::span<Byte>* at_ = nullptr;
    const std::span<Byte>* first_ = nullptr;
    std::size_t skipped_bytes_ = 0;
  };

  explicit RemainingList(std::span<const std::span<Byte>> list) : list_{list} { skip_done(); }

  [[nodiscard]] bool empty() const { return list_.empty(); }
  [[nodiscard]] const RemainingList& buffers() const { return *this; }
  [[nodiscard]] Iterator begin() const { return {list_.data(), skipped_bytes_}; }
  [[nodiscard]] Iterator end() const { return {list_.data() + list_.size(), 0}; }

  void advance(std::size_t size_bytes) {
    skipped_bytes_ += size_bytes;
    skip_done();
  }

 private:
  void skip_done() {
    while (!list_.empty() && skipped_bytes_ >= list_.front().size()) {
      skipped_bytes_ -= list_.front().size();
      list_ = list_.subspan(1);
    }
  }

  std::span<const std::span<Byte>> list_;
  std::size_t skipped_bytes_ = 0;
};

}  // namespace

/// Asio runs the reads of one file object one after another, and its writes likewise. So each
/// transfer borrows a file object of its own; there come to be as many as were ever needed at
/// once, all on the same descriptor.
class File::Lanes {
 public:
  Lanes(Executor executor, int descriptor) : executor_{executor}, descriptor_{descriptor} {}
  Lanes(const Lanes&) = delete;
  Lanes& operator=(const Lanes&) = delete;
  ~Lanes() {
    for (Lane& lane : idle_) (void)lane.release();  // the descriptor is the File's
  }

  template <typename Rest>
  Task<> read(const std::string& name, std::uint64_t offset_bytes, Rest rest);
  template <typename Rest>
  Task<> write(const std::string& name, std::uint64_t offset_bytes, Rest rest);

 private:
  using Lane = asio::basic_random_access_file<Executor>;

  Lane take() {
    if (idle_.empty()) return Lane{executor_, descriptor_};
    Lane lane = std::move(idle_.back());
    idle_.pop_back();
    return lane;
  }

  class Lease {
   public:
    explicit Lease(Lanes& lanes) : lanes_{lanes}, lane_{lanes.take()} {}
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    ~Lease() { lanes_.idle_.push_back(std::move(lane_)); }
    Lane* operator->() { return &lane_; }

   private:
    Lanes& lanes_;
    Lane lane_;
  };

  Executor executor_;
  int descriptor_;
  std::vector<Lane> idle_;
};

template <typename Rest>
Task<> File::Lanes::read(const std::string& name, std::uint64_t offset_bytes, Rest rest) {
  Lease lane{*this};
  while (!rest.empty()) {
    throw_if_stopped(co_await cancellation);
    const auto [error, size_bytes] =
        co_await lane->async_read_some_at(offset_bytes, rest.buffers(), or_error);
    if (error == asio::error::eof) {
      throw HostError{ENODATA, "read '{}' at byte {}, past its end", name, offset_bytes};
    }
    if (error && !is_transient(error)) {
      throw_failure(error, "read '{}' at byte {}", name, offset_bytes);
    }
    rest.advance(size_bytes);
    offset_bytes += size_bytes;
  }
}

template <typename Rest>
Task<> File::Lanes::write(const std::string& name, std::uint64_t offset_bytes, Rest rest) {
  Lease lane{*this};
  while (!rest.empty()) {
    throw_if_stopped(co_await cancellation);
    const auto [error, size_bytes] =
        co_await lane->async_write_some_at(offset_bytes, rest.buffers(), or_error);
    if (error && !is_transient(error)) {
      throw_failure(error, "write '{}' at byte {}", name, offset_bytes);
    }
    if (!error && size_bytes == 0) {
      throw HostError{EIO, "write '{}' at byte {}: nothing was taken", name, offset_bytes};
    }
    rest.advance(size_bytes);
    offset_bytes += size_bytes;
  }
}

File File::open(Executor executor, const std::string& path, int flags, mode_t mode) {
  UniqueFd descriptor{check(::open(path.c_str(), flags | O_CLOEXEC, mode), "open '{}'", path)};
  return File{executor, std::move(descriptor), path};
}

File::File(Executor executor, UniqueFd descriptor, std::string name)
    : executor_{executor},
      descriptor_{std::move(descriptor)},
      name_{std::move(name)},
      lanes_{std::make_unique<Lanes>(executor, descriptor_.get())} {}

File::File(File&&) noexcept = default;
File& File::operator=(File&&) noexcept = default;
File::~File() = default;

std::uint64_t File::size_bytes() const {
  struct stat status;
  check(::fstat(native_handle(), &status), "ask for the size of '{}'", name_);
  if (!S_ISBLK(status.st_mode)) return static_cast<std::uint64_t>(status.st_size);
  std::uint64_t size_bytes = 0;
  check(::ioctl(native_handle(), BLKGETSIZE64, &size_bytes), "ask for the size of '{}'", name_);
  return size_bytes;
}

Task<> File::read_at(std::uint64_t offset_bytes, std::span<std::byte> into) {
  return lanes_->read(name_, offset_bytes, Remaining{into});
}

Task<> File::write_at(std::uint64_t offset_bytes, std::span<const std::byte> from) {
  return lanes_->write(name_, offset_bytes, Remaining{from});
}

Task<> File::read_at(std::uint64_t offset_bytes, std::span<const std::span<std::byte>> into) {
  return lanes_->read(name_, offset_bytes, RemainingList{into});
}

Task<> File::write_at(std::uint64_t offset_bytes,
                      std::span<const std::span<const std::byte>> from) {
  return lanes_->write(name_, offset_bytes, RemainingList{from});
}

Task<> File::append(std::span<const std::byte> from) {
  co_await write_at(size_bytes(), from);
}

Task<> File::flush() {
  for (;;) {
    const int result = co_await Ring::of(executor_).fdatasync(native_handle());
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
    const int result =
        co_await Ring::of(executor_).fallocate(native_handle(), mode, offset_bytes, size_bytes);
    if (result == 0) co_return;
    if (result != -EINTR) {
      throw HostError{-result, "{} '{}' at byte {}", doing, name_, offset_bytes};
    }
  }
}

}  // namespace runtime
