#include "vmm/disk_images.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "devices/storage/aligned_disk.hpp"
#include "devices/storage/overlay_disk.hpp"
#include "devices/storage/raw_disk.hpp"
#include "runtime/error.hpp"
#include "runtime/log.hpp"
#include "vmm/boot_files.hpp"
#include "vmm/file_kind.hpp"
#include "vmm/image_format.hpp"
#include "vmm/temporary_file.hpp"

namespace vmm {
namespace {

using namespace devices::storage;
using runtime::File;
using runtime::UniqueFd;

/// Where the kernel does not say what direct I/O must be aligned to: enough for any disk.
constexpr std::uint32_t cautious_alignment = 4096;

bool is_written(const DiskConfig& config) {
  return !config.read_only && !config.overlay;
}

std::string name_of(const DiskConfig& config) {
  return fmt::format("--disk '{}'", config.path);
}

template <typename... Args>
[[noreturn]] void refuse(const DiskConfig& config, fmt::format_string<Args...> message,
                         Args&&... args) {
  throw BadInput{
      fmt::format("{}: {}", name_of(config), fmt::format(message, std::forward<Args>(args)...))};
}

bool is_image(mode_t mode) {
  return S_ISREG(mode) || S_ISBLK(mode);
}

[[noreturn]] void refuse_kind(const DiskConfig& config, mode_t mode) {
  refuse(config, "found {}, expected an image file or a block device", file_kind(mode));
}

[[noreturn]] void refuse_to_open(const DiskConfig& config, int error) {
  struct stat status {};
  if (::stat(config.path.c_str(), &status) == 0 && !is_image(status.st_mode)) {
    refuse_kind(config, status.st_mode);
  }
  const bool readable = ::faccessat(AT_FDCWD, config.path.c_str(), R_OK, AT_EACCESS) == 0;
  if ((error == EACCES || error == EPERM || error == EROFS) && is_written(config) && readable) {
    refuse(config, "found a file that can only be read, expected ro or overlay with it");
  }
  if (error == EINVAL && config.direct) {
    refuse(config, "found a file system without direct I/O, expected no direct with it");
  }
  refuse(config, "{}", std::generic_category().message(error));
}

/// A guest would see the format's own tables as its disk, and spoil them by a write.
void refuse_other_formats(const DiskConfig& config, int image) {
  alignas(cautious_alignment) std::array<std::byte, cautious_alignment> page;  // as direct wants it
  const ssize_t size = ::pread(image, page.data(), page.size(), 0);
  const std::span<const std::byte> beginning{page.data(),
                                             static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
  if (const auto format = image_format(beginning)) {
    refuse(config,
           "found a {} image, expected a raw one, or format=raw (to get one: qemu-img "
           "convert -O raw)",
           *format);
  }
}

UniqueFd open_image(const DiskConfig& config) {
  const int flags = (is_written(config) ? O_RDWR : O_RDONLY) | (config.direct ? O_DIRECT : 0);
  // Non-blocking, or opening a FIFO would wait for its other side.
  UniqueFd image{::open(config.path.c_str(), flags | O_CLOEXEC | O_NONBLOCK)};
  if (image.get() < 0) refuse_to_open(config, errno);
  struct stat status {};
  runtime::check(::fstat(image.get(), &status), "look at {}", name_of(config));
  if (!is_image(status.st_mode)) refuse_kind(config, status.st_mode);
  if (!config.surely_raw) refuse_other_formats(config, image.get());
  // io_uring would take it by its word, and not wait for what is not in the page cache.
  runtime::check(::fcntl(image.get(), F_SETFL, flags), "use {}", name_of(config));
  return image;
}

/// Tells one file from another, whatever the names.
using Identity = std::pair<dev_t, ino_t>;

Identity identity_of(int image) {
  struct stat status {};
  runtime::check(::fstat(image, &status), "look at a disk image");
  return S_ISBLK(status.st_mode) ? Identity{status.st_rdev, 0}
                                 : Identity{status.st_dev, status.st_ino};
}

/// Before locks: those of our own descriptors exclude each other, too, and would blame another
/// program.
void check_shared(const DiskConfig& config, const DiskConfig& earlier) {
  if (!is_written(config) && !is_written(earlier)) return;
  refuse(config, "found the image of disk {} again, expected ro or overlay for both", earlier.id);
}

void lock(const DiskConfig& config, int image) {
  struct flock whole {};
  whole.l_type = is_written(config) ? F_WRLCK : F_RDLCK;
  whole.l_whence = SEEK_SET;
  if (::fcntl(image, F_OFD_SETLK, &whole) == 0) return;
  if (errno != EAGAIN && errno != EACCES) {
    runtime::log::warning("{}: cannot be locked against other machines: {}", name_of(config),
                          std::generic_category().message(errno));
    return;
  }
  refuse(config, "found it locked by another program, which {}; expected it to be free",
         is_written(config) ? "uses it" : "writes to it");
}

void check_size(const DiskConfig& config, std::uint64_t size_bytes, std::uint64_t multiple) {
  if (size_bytes == 0) refuse(config, "found an empty image, expected at least {} bytes", multiple);
  if (size_bytes % multiple == 0) return;
  refuse(config, "found {} bytes, expected a multiple of {}{}", size_bytes, multiple,
         multiple == sector_bytes ? "" : " for direct");
}

Alignment direct_alignment(int image) {
  struct statx status {};
  if (::statx(image, "", AT_EMPTY_PATH, STATX_DIOALIGN, &status) == 0 &&
      status.stx_dio_offset_align != 0) {
    return {status.stx_dio_mem_align, status.stx_dio_offset_align};
  }
  int block_bytes = 0;
  if (::ioctl(image, BLKSSZGET, &block_bytes) != 0) block_bytes = cautious_alignment;
  return {cautious_alignment, static_cast<std::uint64_t>(block_bytes)};
}

std::unique_ptr<Disk> make_disk(const DiskConfig& config, UniqueFd image,
                                runtime::Executor executor) {
  const Alignment alignment = config.direct ? direct_alignment(image.get()) : Alignment{1, 1};
  const Discard discard = config.discard ? Discard::Frees : Discard::Ignored;
  File file{executor, std::move(image), config.path};
  const std::uint64_t size_bytes = file.size_bytes();
  check_size(config, size_bytes, std::max(alignment.block_bytes, sector_bytes));
  std::unique_ptr<Disk> disk = std::make_unique<RawDisk>(
      std::move(file), is_written(config) ? Access::ReadWrite : Access::ReadOnly, discard);
  if (config.direct) {
    disk = std::make_unique<AlignedDisk>(executor, std::move(disk), alignment);
  }
  if (!config.overlay) return disk;
  File top{executor, make_temporary_file(size_bytes), fmt::format("overlay of {}", config.path)};
  return std::make_unique<OverlayDisk>(
      executor, std::move(disk),
      std::make_unique<RawDisk>(std::move(top), Access::ReadWrite, discard));
}

}  // namespace

DiskImages::DiskImages(std::span<const DiskConfig> configs, runtime::Executor executor) {
  std::vector<Identity> opened;
  for (const DiskConfig& config : configs) {
    UniqueFd image = open_image(config);
    const Identity identity = identity_of(image.get());
    for (std::size_t i = 0; i < opened.size(); ++i) {
      if (opened[i] == identity) check_shared(config, configs[i]);
    }
    opened.push_back(identity);
    lock(config, image.get());
    disks_.push_back(make_disk(config, std::move(image), executor));
  }
}

}  // namespace vmm
