// A ByteStream that keeps what is written, and gives what a test put in.
#pragma once

#include <string>

#include "runtime/byte_stream.hpp"
#include "runtime/local_event.hpp"

class MemoryStream final : public runtime::ByteStream {
 public:
  explicit MemoryStream(runtime::Executor executor) : more_{executor} {}

  runtime::Task<std::size_t> read_some(std::span<std::byte> into) override {
    while (input_.empty()) co_await more_.wait();
    const std::size_t size = std::min(into.size(), input_.size());
    std::copy_n(std::as_bytes(std::span{input_}).begin(), size, into.begin());
    input_.erase(0, size);
    co_return size;
  }
  runtime::Task<> write_all(std::span<const std::byte> from) override {
    output_.append(reinterpret_cast<const char*>(from.data()), from.size());
    co_return;
  }

  void type(std::string_view text) {
    input_ += text;
    more_.notify();
  }
  const std::string& output() const { return output_; }

 private:
  std::string input_;
  std::string output_;
  runtime::LocalEvent more_;
};
