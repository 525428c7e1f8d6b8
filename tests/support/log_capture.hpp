// What is logged while a test looks.
#pragma once

#include <unistd.h>

#include <array>
#include <string>
#include <utility>

#include "runtime/error.hpp"
#include "runtime/log.hpp"

/// Everything that is logged while it lives, up to what a pipe holds.
class LogCapture {
 public:
  LogCapture() {
    runtime::check(::pipe(pipe_.data()), "make a pipe");
    runtime::log::set_descriptor(pipe_[1]);
  }
  ~LogCapture() {
    finish();
    ::close(pipe_[0]);
  }
  std::string finish() {
    if (pipe_[1] < 0) return {};
    runtime::log::set_descriptor(2);
    ::close(std::exchange(pipe_[1], -1));
    std::string text(4096, '\0');
    const auto size = ::read(pipe_[0], text.data(), text.size());
    text.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
    return text;
  }

 private:
  std::array<int, 2> pipe_{-1, -1};
};
