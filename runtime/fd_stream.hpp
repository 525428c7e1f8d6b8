// DescriptorStream: a ByteStream over descriptors: a terminal, pty, pipe, socket or file.
//
// Threads: all calls on the Loop's thread.
#pragma once

#include <asio/posix/basic_stream_descriptor.hpp>
#include <optional>
#include <string>

#include "runtime/byte_stream.hpp"
#include "runtime/unique_fd.hpp"

namespace runtime {

class DescriptorStream final : public ByteStream {
 public:
  /// One descriptor for both directions. `name` appears in errors. O_NONBLOCK may be set or not
  /// and stays as it is (it belongs to the open file, which a shell may share with us).
  DescriptorStream(Executor executor, UniqueFd both_ways, std::string name);
  /// One for each direction, such as stdin and stdout.
  DescriptorStream(Executor executor, UniqueFd input, UniqueFd output, std::string name);

  /// A terminal or pty whose other side hung up is at its end.
  Task<std::size_t> read_some(std::span<std::byte> into) override;
  Task<> write_all(std::span<const std::byte> from) override;

  [[nodiscard]] int input_handle() { return input_.native_handle(); }
  [[nodiscard]] int output_handle() { return output().native_handle(); }

 private:
  using Descriptor = asio::posix::basic_stream_descriptor<Executor>;

  [[nodiscard]] Descriptor& output() { return output_ ? *output_ : input_; }

  std::string name_;
  Descriptor input_;
  std::optional<Descriptor> output_;
};

}  // namespace runtime
