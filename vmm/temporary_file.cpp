#include "vmm/temporary_file.hpp"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>

#include "runtime/error.hpp"

namespace vmm {
namespace {

runtime::UniqueFd open_unnamed() {
  const char* const chosen = ::secure_getenv("TMPDIR");
  for (const char* const directory : std::array{chosen, "/var/tmp", "/tmp"}) {
    if (directory == nullptr) continue;
    runtime::UniqueFd file{::open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600)};
    if (file.get() >= 0) return file;
  }
  return runtime::UniqueFd{
      runtime::check(::memfd_create("mayfly", MFD_CLOEXEC), "make a file in memory")};
}

}  // namespace

runtime::UniqueFd make_temporary_file(std::uint64_t size_bytes) {
  runtime::UniqueFd file = open_unnamed();
  runtime::check(::ftruncate(file.get(), static_cast<off_t>(size_bytes)),
                 "make a temporary file of {} bytes", size_bytes);
  return file;
}

}  // namespace vmm
