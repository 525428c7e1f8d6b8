// Files the program leaves behind for others to read.
#pragma once

#include <string>
#include <string_view>

#include "runtime/unique_fd.hpp"

namespace vmm {

/// Writes all of it; throws HostError.
void write_text(int descriptor, std::string_view text);

/// Opened early, so that a bad path is known before the guest runs; written late.
class OutputFile {
 public:
  /// "-" is standard output. Throws BadInput naming `option`.
  OutputFile(const char* option, const std::string& path);
  void write(std::string_view text);

 private:
  runtime::UniqueFd file_;
};

/// A file with this process's id in it, while it lives.
class Pidfile {
 public:
  /// Throws BadInput.
  explicit Pidfile(std::string path);
  ~Pidfile();
  Pidfile(const Pidfile&) = delete;
  Pidfile& operator=(const Pidfile&) = delete;

 private:
  std::string path_;
};

}  // namespace vmm
