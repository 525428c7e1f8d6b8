// The small value types: flags, units, mappings, descriptors, locks, errors.

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <cstring>
#include <thread>
#include <vector>

#include "runtime/error.hpp"
#include "runtime/finally.hpp"
#include "runtime/flags.hpp"
#include "runtime/guarded.hpp"
#include "runtime/mapping.hpp"
#include "runtime/unique_fd.hpp"
#include "runtime/units.hpp"

namespace {

using namespace runtime;

enum class Status : std::uint8_t { Ready = 1 << 0, Overrun = 1 << 1, Empty = 1 << 7 };
enum class Parity : std::uint8_t { None = 0, Odd = 1, Even = 3 };

using ParityField = Field<Parity, 3, 4>;

bool is_open(int descriptor) {
  return ::fcntl(descriptor, F_GETFD) >= 0;
}

UniqueFd open_null() {
  return UniqueFd{::open("/dev/null", O_RDWR | O_CLOEXEC)};
}

bool is_mapped(const void* page) {
  unsigned char resident;
  return ::mincore(const_cast<void*>(page), 4096, &resident) == 0;
}

}  // namespace

TEST_CASE("flags set, clear and test typed bits", "[runtime][flags]") {
  Flags<Status> flags{Status::Ready, Status::Empty};
  CHECK(flags.raw() == 0x81);
  CHECK(flags.has(Status::Ready));
  CHECK_FALSE(flags.has(Status::Overrun));
  CHECK(flags.has_any({Status::Overrun, Status::Empty}));
  CHECK_FALSE(flags.has_all({Status::Overrun, Status::Empty}));
  flags.assign(Status::Ready, false).set(Status::Overrun);
  CHECK(flags == Flags<Status>{Status::Overrun, Status::Empty});
  CHECK((flags - Flags{Status::Empty}) == Flags{Status::Overrun});
}

TEST_CASE("flags keep bits that have no name", "[runtime][flags]") {
  auto flags = Flags<Status>::from_raw(0x7C);
  flags.clear(Status::Ready);
  CHECK(flags.raw() == 0x7C);
  static_assert(Flags<Status>::from_raw(0).empty());
}

TEST_CASE("a field reads and replaces its bits alone", "[runtime][flags]") {
  const std::uint8_t line_control = 0xFB;
  CHECK(ParityField::get(line_control) == Parity::Even);
  CHECK(ParityField::with(line_control, Parity::None) == 0xE3);
  static_assert(ParityField::mask<std::uint8_t>() == 0x18);
  static_assert(Field<std::uint64_t, 0, 63>::mask<std::uint64_t>() == ~std::uint64_t{0});
  static_assert(Field<std::uint64_t, 0, 63>::get(~std::uint64_t{0}) == ~std::uint64_t{0});
  // Bits beyond the field do not reach its neighbours.
  static_assert(Field<std::uint8_t, 0, 1>::with(std::uint8_t{0}, std::uint8_t{0xFF}) == 3);
}

TEST_CASE("sizes and alignment", "[runtime][units]") {
  using namespace runtime::literals;
  static_assert(4_KiB == 4096 && 2_MiB == 2048 * 1024 && 1_GiB == 1024 * 1_MiB);
  static_assert(align_up(std::uint64_t{1}, 4_KiB) == 4_KiB);
  static_assert(align_up(4_KiB, 4_KiB) == 4_KiB);
  static_assert(align_down(std::uint32_t{4097}, 4096) == 4096);
  static_assert(is_aligned(6_MiB, 2_MiB) && !is_aligned(5_MiB, 2_MiB));
}

TEST_CASE("a unique descriptor is closed once, by its last owner", "[runtime][values]") {
  UniqueFd first = open_null();
  const int number = first.get();
  UniqueFd second = std::move(first);
  CHECK(second.get() == number);
  second = open_null();
  CHECK(second.get() != number);
  CHECK_FALSE(is_open(number));
  const int other = second.release();
  CHECK_FALSE(second);
  CHECK(is_open(other));
  second = UniqueFd{other};
  second.reset();
  CHECK_FALSE(is_open(other));
}

TEST_CASE("an anonymous mapping is zeroed, aligned and given back", "[runtime][mapping]") {
  using namespace runtime::literals;
  std::byte* data = nullptr;
  {
    const Mapping mapping = Mapping::anonymous(3_MiB, 2_MiB);
    data = mapping.data();
    CHECK(mapping.size_bytes() == 3_MiB);
    CHECK(is_aligned(reinterpret_cast<std::uintptr_t>(data), 2_MiB));
    CHECK(data[3_MiB - 1] == std::byte{0});
    data[0] = std::byte{1};
  }
  CHECK_FALSE(is_mapped(data));
}

TEST_CASE("a mapping's edges are exactly where they were asked for", "[runtime][mapping]") {
  // Every page outside belongs to someone else; the padding taken for alignment is given back.
  const Mapping a = Mapping::anonymous(4096, 1 << 21);
  const Mapping b = Mapping::anonymous(100);
  CHECK(b.size_bytes() == 4096);
  CHECK(is_mapped(a.data()));
}

TEST_CASE("a mapping moves, and an empty one owns nothing", "[runtime][mapping]") {
  Mapping first = Mapping::anonymous(4096);
  std::byte* const data = first.data();
  Mapping second;
  CHECK_FALSE(second);
  second = std::move(first);
  CHECK(second.data() == data);
  CHECK(first.size_bytes() == 0);
  second = Mapping{};
  CHECK_FALSE(is_mapped(data));
  CHECK(Mapping::anonymous(0).size_bytes() == 0);
}

TEST_CASE("impossible mappings are host errors", "[runtime][mapping]") {
  CHECK_THROWS_AS(Mapping::anonymous(SIZE_MAX, 1 << 21), HostError);
  CHECK_THROWS_AS(Mapping::anonymous(std::size_t{1} << 60), HostError);
  CHECK_THROWS_AS(Mapping::file(-1, 0, 4096, PROT_READ), HostError);
}

TEST_CASE("a file mapping shows the file", "[runtime][mapping]") {
  const UniqueFd file{::memfd_create("mapped", MFD_CLOEXEC)};
  REQUIRE(::pwrite(file.get(), "mayfly", 6, 4096) == 6);
  const Mapping mapping = Mapping::file(file.get(), 4096, 4096, PROT_READ | PROT_WRITE);
  CHECK(std::memcmp(mapping.data(), "mayfly", 6) == 0);
  mapping.data()[0] = std::byte{'M'};  // private: the file does not change
  char byte = 0;
  REQUIRE(::pread(file.get(), &byte, 1, 4096) == 1);
  CHECK(byte == 'm');
}

TEST_CASE("guarded state is used by one thread at a time", "[runtime][guarded][threads]") {
  Guarded<std::vector<int>> numbers;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 1000; ++n) numbers.with([n](auto& list) { list.push_back(n); });
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(numbers.with([](const auto& list) { return list.size(); }) == 4000);
}

TEST_CASE("guarded state hands out copies, not references", "[runtime][guarded]") {
  Guarded<int> number{7};
  static_assert(std::is_same_v<decltype(number.with([](int& n) -> int& { return n; })), int>);
  CHECK(std::as_const(number).with([](const int& n) { return n; }) == 7);
}

TEST_CASE("finally runs while an exception unwinds", "[runtime][values]") {
  bool ran = false;
  CHECK_THROWS([&] {
    const Finally after{[&] { ran = true; }};
    throw 1;
  }());
  CHECK(ran);
}

TEST_CASE("a host error reads as what we were doing", "[runtime][error]") {
  try {
    check(::open("/nonexistent/a.raw", O_RDONLY), "open disk image '{}'", "a.raw");
    FAIL("the file exists");
  } catch (const HostError& error) {
    CHECK(std::string_view{error.what()} == "open disk image 'a.raw': No such file or directory");
    CHECK(error.error_number() == ENOENT);
  }
  CHECK(check(3, "do nothing") == 3);
}

TEST_CASE("an interrupted call is made again", "[runtime][error]") {
  int calls = 0;
  const int result = retry_interrupted([&] {
    errno = EINTR;
    return ++calls < 3 ? -1 : 7;
  });
  CHECK(result == 7);
  CHECK(calls == 3);
}
