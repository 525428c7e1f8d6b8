#include "runtime/file_view.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <mutex>

#include "runtime/error.hpp"
#include "runtime/units.hpp"

namespace runtime {
namespace {

/// What this thread reads, innermost first: SIGBUS comes to the thread whose access it was.
thread_local const FileView::Reader* readers = nullptr;

/// The host's, which on AArch64 may be 16 or 64 KiB; asked for before a handler needs it.
std::uintptr_t page_bytes = 4096;

/// Zeros from the page of `address` to the end of the view it is in; false if it is in none.
bool put_zeros(std::uintptr_t address) {
  for (const FileView::Reader* reader = readers; reader != nullptr; reader = reader->outer()) {
    const auto start = reinterpret_cast<std::uintptr_t>(reader->bytes().data());
    const std::uintptr_t end = start + reader->bytes().size();
    if (address < start || address >= end) continue;
    const std::uintptr_t page = align_down(address, page_bytes);
    return ::mmap(reinterpret_cast<void*>(page), end - page, PROT_READ,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) != MAP_FAILED;
  }
  return false;
}

/// What SIGBUS did before: a signal's disposition belongs to the process, and so does this.
struct sigaction before {};

void handle(int signal, siginfo_t* info, void*) {
  const int error_number = errno;
  if (!put_zeros(reinterpret_cast<std::uintptr_t>(info->si_addr))) {
    // None of ours: back to what happened anyway, by the same access again.
    (void)::sigaction(signal, &before, nullptr);
  }
  errno = error_number;
}

void install_handler() {
  static std::mutex mutex;
  const std::lock_guard lock{mutex};
  struct sigaction current {};
  check(::sigaction(SIGBUS, nullptr, &current), "ask what SIGBUS does");
  if ((current.sa_flags & SA_SIGINFO) != 0 && current.sa_sigaction == handle) return;
  before = current;
  page_bytes = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  struct sigaction action {};
  action.sa_sigaction = handle;
  action.sa_flags = SA_SIGINFO;
  check(::sigaction(SIGBUS, &action, nullptr), "handle SIGBUS");
}

}  // namespace

FileView::FileView(int descriptor, std::size_t size_bytes)
    : mapping_{Mapping::file(descriptor, 0, size_bytes, PROT_READ)} {}

void FileView::let_go_of_pages() const noexcept {
  (void)::madvise(mapping_.data(), mapping_.size_bytes(), MADV_DONTNEED);
}

FileView::Reader::Reader(const FileView& view) : bytes_{view.bytes()}, outer_{readers} {
  install_handler();
  readers = this;
}

FileView::Reader::~Reader() {
  readers = outer_;
}

}  // namespace runtime
