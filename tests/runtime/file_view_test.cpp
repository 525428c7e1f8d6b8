#include "runtime/file_view.hpp"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <csignal>
#include <vector>

#include "runtime/unique_fd.hpp"

namespace {

using runtime::FileView;

constexpr std::size_t page_bytes = 4096;

runtime::UniqueFd three_pages() {
  runtime::UniqueFd file{::memfd_create("file_view_test", MFD_CLOEXEC)};
  const std::vector<std::byte> bytes(3 * page_bytes, std::byte{7});
  REQUIRE(::write(file.get(), bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  return file;
}

bool all(std::span<const std::byte> bytes, int value) {
  return std::ranges::all_of(bytes, [value](std::byte byte) { return byte == std::byte(value); });
}

/// A child that lives through the access exits with the byte it read, 0 or 7; a sanitizer that
/// handled SIGBUS before us exits with a status of its own.
bool died_of_it(int status) {
  if (WIFSIGNALED(status)) return WTERMSIG(status) == SIGBUS;
  return WEXITSTATUS(status) != 0 && WEXITSTATUS(status) != 7;
}

}  // namespace

TEST_CASE("file view: shows the file, also once its descriptor is closed", "[runtime]") {
  const FileView view{three_pages().get(), 3 * page_bytes - 100};
  CHECK(view.size_bytes() == 3 * page_bytes - 100);
  CHECK(all(view.bytes(), 7));
  view.let_go_of_pages();
  CHECK(all(view.bytes(), 7));
}

TEST_CASE("file view: what was cut off reads as zeros", "[runtime]") {
  const auto file = three_pages();
  const FileView view{file.get(), 3 * page_bytes};
  const FileView neighbour{file.get(), page_bytes};
  const FileView::Reader outer{view};
  const FileView::Reader inner{neighbour};
  REQUIRE(::ftruncate(file.get(), page_bytes) == 0);

  CHECK(all(view.bytes().subspan(2 * page_bytes), 0));
  CHECK(all(view.bytes().subspan(page_bytes, page_bytes), 0));
  CHECK(all(view.bytes().first(page_bytes), 7));
  CHECK(all(neighbour.bytes(), 7));
}

TEST_CASE("file view: any other SIGBUS ends the program as before", "[runtime]") {
  const auto file = three_pages();
  const FileView view{file.get(), page_bytes};
  const FileView::Reader reader{view};
  const auto other = runtime::Mapping::file(file.get(), 0, 3 * page_bytes, PROT_READ);
  REQUIRE(::ftruncate(file.get(), page_bytes) == 0);

  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const volatile std::byte* const behind = other.data() + 2 * page_bytes;
    ::_exit(static_cast<int>(*behind));
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(died_of_it(status));
}

TEST_CASE("file view: who is not reading has no say over SIGBUS", "[runtime]") {
  const auto file = three_pages();
  const FileView view{file.get(), 3 * page_bytes};
  { const FileView::Reader reader{view}; }
  REQUIRE(::ftruncate(file.get(), page_bytes) == 0);

  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const volatile std::byte* const behind = view.bytes().data() + 2 * page_bytes;
    ::_exit(static_cast<int>(*behind));
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(died_of_it(status));
}
