// The other end of a serial port: types what it is told to, and keeps what it gets.
#pragma once

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "runtime/byte_stream.hpp"
#include "runtime/error.hpp"
#include "runtime/local_event.hpp"

class FakeTerminal final : public runtime::ByteStream {
 public:
  explicit FakeTerminal(runtime::Executor executor) : typed_{executor}, unstuck_{executor} {}

  runtime::Task<std::size_t> read_some(std::span<std::byte> into) override {
    ++reads;
    while (input.empty() && !input_ended && !input_fails) co_await typed_.wait();
    if (input_fails) throw runtime::HostError{EIO, "read the fake terminal"};
    const std::size_t size = std::min(into.size(), input.size());
    std::ranges::copy(std::as_bytes(std::span{input}).first(size), into.begin());
    input.erase(0, size);
    co_return size;
  }

  runtime::Task<> write_all(std::span<const std::byte> from) override {
    ++writes;
    while (stuck) co_await unstuck_.wait();
    if (full) throw runtime::HostError{ENOSPC, "write to the fake terminal"};
    output.append(reinterpret_cast<const char*>(from.data()), from.size());
  }

  void type(std::string_view text) {
    input += text;
    typed_.notify();
  }
  void end_input() {
    input_ended = true;
    typed_.notify();
  }
  void release() {
    stuck = false;
    unstuck_.notify();
  }

  std::string input;
  std::string output;
  int reads = 0;
  int writes = 0;
  bool input_ended = false;
  bool input_fails = false;
  bool stuck = false;  // takes nothing until released
  bool full = false;   // refuses everything

 private:
  runtime::LocalEvent typed_;
  runtime::LocalEvent unstuck_;
};
