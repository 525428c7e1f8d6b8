#include "runtime/log.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <string>
#include <thread>
#include <vector>

#include "runtime/unique_fd.hpp"

namespace {

using namespace std::chrono_literals;
namespace log = runtime::log;
using log::Level;
using log::RateLimit;

/// What is logged while it lives, and a level for that time.
class Captured {
 public:
  explicit Captured(Level level = Level::Warning) {
    // As the shell opens a log that several processes write to.
    REQUIRE(::fcntl(file_.get(), F_SETFL, O_APPEND) == 0);
    log::set_level(level);
    log::set_descriptor(file_.get());
  }
  ~Captured() {
    log::set_level(Level::Warning);
    log::set_descriptor(STDERR_FILENO);
  }
  Captured(const Captured&) = delete;
  Captured& operator=(const Captured&) = delete;

  std::string text() const {
    std::string text(1 << 20, '\0');
    const auto size = ::pread(file_.get(), text.data(), text.size(), 0);
    text.resize(static_cast<std::size_t>(size));
    return text;
  }

 private:
  runtime::UniqueFd file_{::memfd_create("log", MFD_CLOEXEC)};
};

}  // namespace

TEST_CASE("a line names its level", "[runtime][log]") {
  const Captured captured;
  log::error("no {} left", "memory");
  log::warning("{} of {}", 1, 2);
  CHECK(captured.text() == "mayfly: error: no memory left\nmayfly: warning: 1 of 2\n");
}

TEST_CASE("lines above the chosen level are not written", "[runtime][log]") {
  const Captured captured{Level::Info};
  log::debug("hidden");
  log::trace("hidden");
  log::info("shown");
  CHECK(captured.text() == "mayfly: info: shown\n");
  CHECK(log::enabled(Level::Error));
  CHECK_FALSE(log::enabled(Level::Debug));
}

TEST_CASE("level names are parsed, unknown ones are not", "[runtime][log]") {
  CHECK(log::parse_level("trace") == Level::Trace);
  CHECK(log::parse_level("error") == Level::Error);
  CHECK_FALSE(log::parse_level("loud"));
  CHECK_FALSE(log::parse_level(""));
}

TEST_CASE("control characters do not reach the terminal", "[runtime][log]") {
  const Captured captured;
  log::warning("guest says '{}'", "\x1b[2Jhi\n\x7f");
  CHECK(captured.text() == "mayfly: warning: guest says '?[2Jhi ?'\n");
}

TEST_CASE("a line that cannot be written is lost quietly", "[runtime][log]") {
  const runtime::UniqueFd full{::open("/dev/full", O_WRONLY | O_CLOEXEC)};
  log::set_descriptor(full.get());
  log::warning("nobody reads this");
  log::set_descriptor(STDERR_FILENO);
}

TEST_CASE("a rate limit admits its budget and counts the rest", "[runtime][log]") {
  RateLimit limit{2, 1s};
  const RateLimit::Clock::time_point start{};
  CHECK(limit.admit(start) == 0);
  CHECK(limit.admit(start) == 0);
  CHECK_FALSE(limit.admit(start + 500ms));
  CHECK_FALSE(limit.admit(start + 999ms));
  CHECK(limit.admit(start + 1s) == 2);
  CHECK(limit.admit(start + 1s) == 0);
  CHECK_FALSE(limit.admit(start + 1s));
}

TEST_CASE("guest lines are limited for each source", "[runtime][log]") {
  const Captured captured;
  RateLimit noisy{1, 1h};
  RateLimit quiet{1, 1h};
  for (int i = 0; i < 1000; ++i) log::guest(noisy, "bad descriptor {}", i);
  log::guest(quiet, "bad queue");
  CHECK(captured.text() == "mayfly: warning: bad descriptor 0\nmayfly: warning: bad queue\n");
}

TEST_CASE("the next guest line says how many were swallowed", "[runtime][log]") {
  const Captured captured;
  RateLimit limit{1, 1h};
  const auto now = RateLimit::Clock::now();
  REQUIRE(limit.admit(now - 2h) == 0);
  REQUIRE_FALSE(limit.admit(now - 2h));
  log::guest(limit, "again");
  CHECK(captured.text() == "mayfly: warning: again (1 more like it not shown)\n");
}

TEST_CASE("lines of several threads do not mix", "[runtime][log][threads]") {
  const Captured captured;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([i] {
      for (int n = 0; n < 200; ++n) log::warning("{}", std::string(40, static_cast<char>('a' + i)));
    });
  }
  for (auto& thread : threads) thread.join();
  const std::string text = captured.text();
  const std::string prefix = "mayfly: warning: ";
  REQUIRE(std::ranges::count(text, '\n') == 800);
  for (std::size_t at = 0; at < text.size(); at += prefix.size() + 41) {
    REQUIRE(text.compare(at, prefix.size(), prefix) == 0);
    const char letter = text[at + prefix.size()];
    REQUIRE(text.substr(at + prefix.size(), 40) == std::string(40, letter));
  }
}

TEST_CASE("a rate limit counts across threads", "[runtime][log][threads]") {
  RateLimit limit{100, 1h};
  std::atomic<int> admitted{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 1000; ++n) {
        if (limit.admit()) ++admitted;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(admitted >= 100);
  CHECK(admitted <= 103);  // threads that begin the period together may each spend a line more
}
