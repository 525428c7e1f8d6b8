#include "vmm/output_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/error.hpp"
#include "vmm/boot_files.hpp"

namespace vmm {
namespace {

constexpr mode_t everyone_as_umask_allows = 0666;

/// Without waiting for a FIFO's reader, and without emptying anything yet.
runtime::UniqueFd open_for_writing(const std::string& path, int flags = 0) {
  runtime::UniqueFd file{runtime::check(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | flags,
             everyone_as_umask_allows),
      "create '{}'", path)};
  runtime::check(::fcntl(file.get(), F_SETFL, 0), "use '{}'", path);
  return file;
}

runtime::UniqueFd open_output(const char* option, const std::string& path) {
  try {
    if (path != "-") return open_for_writing(path);
    return runtime::UniqueFd{
        runtime::check(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0), "use standard output")};
  } catch (const runtime::HostError& error) {
    throw BadInput{fmt::format("{}: {}", option, error.what())};
  }
}

}  // namespace

void write_text(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t size = runtime::check(
        runtime::retry_interrupted([&] { return ::write(descriptor, text.data(), text.size()); }),
        "write {} bytes", text.size());
    text.remove_prefix(static_cast<std::size_t>(size));
  }
}

OutputFile::OutputFile(const char* option, const std::string& path)
    : name_{fmt::format("{} '{}'", option, path)}, file_{open_output(option, path)} {}

void OutputFile::write(std::string_view text) {
  try {
    (void)!::ftruncate(file_.get(), 0);  // pipes and devices have no length
    write_text(file_.get(), text);
  } catch (const runtime::HostError& error) {
    throw runtime::HostError{error.error_number(), "write {}", name_};
  }
}

Pidfile::Pidfile(std::string path) : path_{std::move(path)} {
  try {
    const runtime::UniqueFd file = open_for_writing(path_, O_NOFOLLOW);
    struct stat status {};
    runtime::check(::fstat(file.get(), &status), "look at '{}'", path_);
    if (!S_ISREG(status.st_mode)) {
      throw BadInput{fmt::format("--pidfile '{}': expected a regular file or a new name", path_)};
    }
    device_ = status.st_dev;
    inode_ = status.st_ino;
    runtime::check(::ftruncate(file.get(), 0), "empty '{}'", path_);
    write_text(file.get(), fmt::format("{}\n", ::getpid()));
  } catch (const runtime::HostError& error) {
    throw BadInput{fmt::format("--pidfile: {}", error.what())};
  }
}

Pidfile::~Pidfile() {
  struct stat status {};
  if (::lstat(path_.c_str(), &status) != 0) return;
  if (status.st_dev == device_ && status.st_ino == inode_) (void)::unlink(path_.c_str());
}

}  // namespace vmm
