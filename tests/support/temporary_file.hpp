// A file with bytes a test chose.
#pragma once

#include <unistd.h>

#include <cstdlib>
#include <span>
#include <stdexcept>
#include <string>

/// Lives in the file system while this does.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::span<const std::byte> bytes) {
    const int file = ::mkstemp(path_.data());
    if (file < 0 ||
        ::write(file, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) {
      throw std::runtime_error{"cannot write " + path_};
    }
    ::close(file);
  }
  ~TemporaryFile() { ::unlink(path_.c_str()); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_ = "/tmp/mayfly-test-file.XXXXXX";
};
