#include "vmm/boot_files.hpp"

#include <stdlib.h>
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <filesystem>
#include <fstream>
#include <string>

namespace {

using vmm::BadInput;
using vmm::BootFiles;

constexpr std::size_t kernel_bytes = 20'000;

/// A file named as the kernel, gone when this is.
class KernelFile {
 public:
  KernelFile() {
    std::string name = (std::filesystem::temp_directory_path() / "mayfly-kernel-XXXXXX").string();
    const int descriptor = ::mkstemp(name.data());
    REQUIRE(descriptor >= 0);
    ::close(descriptor);
    path = name;
    std::ofstream{path} << std::string(kernel_bytes, 'k');
  }
  KernelFile(const KernelFile&) = delete;
  KernelFile& operator=(const KernelFile&) = delete;
  ~KernelFile() { std::filesystem::remove(path); }

  [[nodiscard]] vmm::MachineConfig config() const {
    vmm::MachineConfig config;
    config.kernel_path = path.string();
    return config;
  }

  std::filesystem::path path;
};

#define CHECK_CHANGED(expression) \
  CHECK_THROWS_MATCHES(           \
      expression, BadInput,       \
      Catch::Matchers::MessageMatches(Catch::Matchers::ContainsSubstring("changed")))

}  // namespace

TEST_CASE("boot files: a loader gets the bytes, and its result comes back", "[vmm]") {
  const KernelFile kernel;
  const BootFiles files{kernel.config()};
  CHECK(files.load_unchanged([&] { return files.kernel.image().bytes.size(); }) == kernel_bytes);
  CHECK_THROWS_AS(files.load_unchanged([]() -> int { throw loader::BadImage{"no kernel"}; }),
                  loader::BadImage);
}

TEST_CASE("boot files: one that was shortened meanwhile is bad input, and no crash", "[vmm]") {
  const KernelFile kernel;
  const BootFiles files{kernel.config()};
  const auto shortened = [&] {
    std::filesystem::resize_file(kernel.path, 100);
    const auto bytes = files.kernel.image().bytes;
    return std::ranges::count(bytes, std::byte{'k'});
  };
  SECTION("before the load") {
    std::filesystem::resize_file(kernel.path, 100);
    CHECK_CHANGED(files.load_unchanged([] { return 0; }));
  }
  SECTION("during the load") {
    CHECK_CHANGED(files.load_unchanged(shortened));
  }
  SECTION("during a load that fails because of it") {
    CHECK_CHANGED(files.load_unchanged([&]() -> int {
      (void)shortened();
      throw loader::BadImage{"damaged"};
    }));
  }
}
