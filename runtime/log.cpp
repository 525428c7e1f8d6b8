#include "runtime/log.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <iterator>
#include <span>

#include "runtime/error.hpp"

namespace runtime::log {
namespace {

constexpr std::array<std::string_view, 5> level_names{"error", "warning", "info", "debug", "trace"};

// Constant-initialised: nothing runs before main.
constinit std::atomic<Level> chosen_level{Level::Warning};
constinit std::atomic<int> chosen_descriptor{STDERR_FILENO};

std::string_view name_of(Level level) {
  return level_names[static_cast<std::size_t>(level)];
}

/// Control characters would let a guest's string steer the operator's terminal.
void replace_control_characters(std::span<char> text) {
  for (char& character : text) {
    const auto code = static_cast<unsigned char>(character);
    if (code < 0x20 || code == 0x7f) character = code == '\n' ? ' ' : '?';
  }
}

/// One write(2) is one line also beside other threads and processes; a line that cannot be
/// written has nowhere to be reported.
void put(Level level, fmt::string_view format, fmt::format_args args, std::uint64_t swallowed) {
  fmt::basic_memory_buffer<char, 512> line;
  auto out = std::back_inserter(line);
  fmt::format_to(out, "mayfly: {}: ", name_of(level));
  const std::size_t text_start = line.size();
  fmt::vformat_to(out, format, args);
  if (swallowed != 0) fmt::format_to(out, " ({} more like it not shown)", swallowed);
  replace_control_characters({line.data() + text_start, line.size() - text_start});
  line.push_back('\n');
  const int descriptor = chosen_descriptor.load(std::memory_order_relaxed);
  (void)retry_interrupted([&] { return ::write(descriptor, line.data(), line.size()); });
}

}  // namespace

void set_level(Level level) noexcept {
  chosen_level.store(level, std::memory_order_relaxed);
}

bool enabled(Level level) noexcept {
  return level <= chosen_level.load(std::memory_order_relaxed);
}

std::optional<Level> parse_level(std::string_view name) noexcept {
  for (std::size_t i = 0; i < level_names.size(); ++i) {
    if (level_names[i] == name) return static_cast<Level>(i);
  }
  return std::nullopt;
}

void set_descriptor(int descriptor) noexcept {
  chosen_descriptor.store(descriptor, std::memory_order_relaxed);
}

std::optional<std::uint64_t> RateLimit::admit(Clock::time_point now) noexcept {
  const Clock::rep at = now.time_since_epoch().count();
  Clock::rep start = period_start_.load(std::memory_order_relaxed);
  // Of several threads that find the period over, one begins the next; a line more or less on
  // the edge does not matter.
  if (start == never || at - start >= period_.count()) {
    if (period_start_.compare_exchange_strong(start, at, std::memory_order_relaxed)) {
      used_.store(0, std::memory_order_relaxed);
    }
  }
  if (used_.load(std::memory_order_relaxed) < lines_ &&
      used_.fetch_add(1, std::memory_order_relaxed) < lines_) {
    return swallowed_.exchange(0, std::memory_order_relaxed);
  }
  swallowed_.fetch_add(1, std::memory_order_relaxed);
  return std::nullopt;
}

void write(Level level, fmt::string_view format, fmt::format_args args) noexcept try {
  if (enabled(level)) put(level, format, args, 0);
} catch (...) {
  // Out of memory, or a formatter threw: the line is lost, the work it was about is not.
}

void write_limited(RateLimit& limit, fmt::string_view format, fmt::format_args args) noexcept try {
  if (const auto swallowed = limit.admit()) put(Level::Warning, format, args, *swallowed);
} catch (...) {
}

}  // namespace runtime::log
