#include "vmm/boot_files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <string_view>
#include <system_error>

#include "runtime/error.hpp"
#include "vmm/file_kind.hpp"

namespace vmm {
namespace {

template <typename... Args>
[[noreturn]] void refuse(std::string_view name, fmt::format_string<Args...> found, Args&&... args) {
  throw BadInput{fmt::format("{}: {}", name, fmt::format(found, std::forward<Args>(args)...))};
}

}  // namespace

BootFile::BootFile(const char* role, const std::string& path)
    : name_{fmt::format("{} '{}'", role, path)} {
  // Non-blocking, or opening a FIFO would wait for its writer.
  file_ = runtime::UniqueFd{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (file_.get() < 0) refuse(name_, "{}", std::generic_category().message(errno));
  struct stat status {};
  runtime::check(::fstat(file_.get(), &status), "look at {}", name_);
  if (!S_ISREG(status.st_mode))
    refuse(name_, "found {}, expected a regular file", file_kind(status.st_mode));
  if (status.st_size == 0) refuse(name_, "found an empty file");
  modified_ = status.st_mtim;
  try {
    bytes_.emplace(file_.get(), static_cast<std::size_t>(status.st_size));
  } catch (const runtime::HostError& error) {
    refuse(name_, "{} bytes: {}", status.st_size, error.what());
  }
}

loader::Image BootFile::image() const {
  return {.bytes = bytes_->bytes(), .file_descriptor = file_.get(), .name = name_};
}

void BootFile::check_unchanged() const {
  struct stat status {};
  runtime::check(::fstat(file_.get(), &status), "look at {}", name_);
  if (static_cast<std::size_t>(status.st_size) != bytes_->size_bytes() ||
      status.st_mtim.tv_sec != modified_.tv_sec || status.st_mtim.tv_nsec != modified_.tv_nsec) {
    refuse(name_, "the file changed since this program opened it");
  }
}

void BootFile::let_go_of_pages() const {
  bytes_->let_go_of_pages();
}

BootFiles::BootFiles(const MachineConfig& config) : kernel{"--kernel", config.kernel_path} {
  if (config.initrd_path) initrd.emplace("--initrd", *config.initrd_path);
}

void BootFiles::check_unchanged() const {
  kernel.check_unchanged();
  if (initrd) initrd->check_unchanged();
}

void BootFiles::let_go_of_pages() const {
  kernel.let_go_of_pages();
  if (initrd) initrd->let_go_of_pages();
}

}  // namespace vmm
