// One start of a monitor: its process, and the pipes that are its guest's console.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "bench/boot/clock.hpp"
#include "runtime/unique_fd.hpp"

namespace bench {

/// When the console's bytes are taken out of the pipe. At once gives each line its time, but wakes
/// a reader for every write of the monitor. At leisure costs nothing while the guest runs: the pipe
/// holds them all.
enum class Reading { AtOnce, AtLeisure };

class Launch {
 public:
  Launch(const std::filesystem::path& program, const std::vector<std::string>& arguments,
         Reading reading);
  /// Whatever still runs is killed.
  ~Launch();
  Launch(const Launch&) = delete;
  Launch& operator=(const Launch&) = delete;

  /// Waits until the console has shown `text`, and says when; nothing if the process ended first,
  /// or time is up.
  std::optional<Nanoseconds> wait_for_text(std::string_view text, Nanoseconds deadline);
  /// Waits for the end of the process and says when it came; nothing if time is up.
  std::optional<Nanoseconds> wait_for_exit(Nanoseconds deadline);
  void type(std::string_view text);

  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] Nanoseconds started() const { return started_; }
  [[nodiscard]] std::optional<Nanoseconds> first_byte() const { return first_byte_; }
  [[nodiscard]] const std::string& console() const { return console_; }
  /// As waitpid gives it; only after wait_for_exit said when.
  [[nodiscard]] int status() const { return status_; }
  /// What the process wrote to its standard error.
  [[nodiscard]] std::string complaints() const;

 private:
  enum class Waited { Console, Exit, Deadline };
  Waited wait(Nanoseconds deadline);
  /// False at the end of the pipe.
  bool read_console();
  void reap();

  Reading reading_;
  runtime::UniqueFd console_pipe_;
  runtime::UniqueFd keyboard_;
  runtime::UniqueFd errors_;
  runtime::UniqueFd process_;
  pid_t pid_ = -1;
  int status_ = 0;
  Nanoseconds started_ = 0;
  std::optional<Nanoseconds> exited_;
  std::optional<Nanoseconds> first_byte_;
  std::string console_;
};

}  // namespace bench
