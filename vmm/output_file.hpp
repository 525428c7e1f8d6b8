// Files the program leaves behind for others to read.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "runtime/unique_fd.hpp"

namespace vmm {

/// Writes all of it; throws HostError.
void write_text(int descriptor, std::string_view text);

/// Opened early, so that a bad path is known before the guest runs; emptied and written late.
class OutputFile {
 public:
  /// "-" is standard output. Throws BadInput naming `option`.
  OutputFile(const char* option, const std::string& path);
  /// Throws HostError naming the option and the file.
  void write(std::string_view text);

 private:
  std::string name_;
  runtime::UniqueFd file_;
};

/// A file with this process's id in it, while it lives.
class Pidfile {
 public:
  /// A regular file, made or overwritten; nothing else is touched. Throws BadInput.
  explicit Pidfile(std::string path);
  /// Removes it, if it still is the one we wrote.
  ~Pidfile();
  Pidfile(const Pidfile&) = delete;
  Pidfile& operator=(const Pidfile&) = delete;

 private:
  std::string path_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

}  // namespace vmm
