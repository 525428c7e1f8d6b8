// Lines for the operator on stderr: "mayfly: warning: ...", one write(2) each.
//
// Threads: any. The level belongs to the process; everything else to the caller.
// Trust:   what a guest can cause goes through guest(), which limits it per source. Control
//          characters are replaced in every line, so no guest string reaches the terminal raw.
#pragma once

#include <fmt/core.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace runtime::log {

enum class Level : std::uint8_t { Error, Warning, Info, Debug, Trace };

/// The most detailed level that is still written; Warning until set.
void set_level(Level level) noexcept;
[[nodiscard]] bool enabled(Level level) noexcept;
/// "error", "warning", "info", "debug", "trace".
[[nodiscard]] std::optional<Level> parse_level(std::string_view name) noexcept;
/// Where lines go from now on; the descriptor stays the caller's. Starts as 2 (stderr).
void set_descriptor(int descriptor) noexcept;

/// How often one source may be heard: a budget of lines for each period. A plain member of
/// whatever the lines are about (a device, a queue), never a global.
class RateLimit {
 public:
  using Clock = std::chrono::steady_clock;

  explicit RateLimit(std::uint32_t lines = 10,
                     Clock::duration period = std::chrono::seconds{1}) noexcept
      : lines_{lines}, period_{period} {}

  /// How many lines were swallowed since the last one let through; nothing if this one is
  /// swallowed too. Threads: any.
  [[nodiscard]] std::optional<std::uint64_t> admit(Clock::time_point now = Clock::now()) noexcept;

 private:
  static constexpr Clock::rep never = Clock::duration::min().count();

  std::uint32_t lines_;
  Clock::duration period_;
  std::atomic<Clock::rep> period_start_{never};
  std::atomic<std::uint32_t> used_{0};
  std::atomic<std::uint64_t> swallowed_{0};
};

/// The untyped ends of the functions below. Never throw: a line that cannot be written is lost.
void write(Level level, fmt::string_view format, fmt::format_args args) noexcept;
void write_limited(RateLimit& limit, fmt::string_view format, fmt::format_args args) noexcept;

template <typename... Args>
void error(fmt::format_string<Args...> format, Args&&... args) noexcept {
  write(Level::Error, format, fmt::make_format_args(args...));
}
template <typename... Args>
void warning(fmt::format_string<Args...> format, Args&&... args) noexcept {
  if (enabled(Level::Warning)) write(Level::Warning, format, fmt::make_format_args(args...));
}
template <typename... Args>
void info(fmt::format_string<Args...> format, Args&&... args) noexcept {
  if (enabled(Level::Info)) write(Level::Info, format, fmt::make_format_args(args...));
}
template <typename... Args>
void debug(fmt::format_string<Args...> format, Args&&... args) noexcept {
  if (enabled(Level::Debug)) write(Level::Debug, format, fmt::make_format_args(args...));
}
template <typename... Args>
void trace(fmt::format_string<Args...> format, Args&&... args) noexcept {
  if (enabled(Level::Trace)) write(Level::Trace, format, fmt::make_format_args(args...));
}

/// A warning the guest caused: as often as `limit` allows; the next line let through says how
/// many were not.
template <typename... Args>
void guest(RateLimit& limit, fmt::format_string<Args...> format, Args&&... args) noexcept {
  if (enabled(Level::Warning)) write_limited(limit, format, fmt::make_format_args(args...));
}

}  // namespace runtime::log
