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
  /// One descriptor for both directions. `name` appears in errors. O_NONBLOCK may be set or not;
  /// what a shell shares with us (a terminal) is left as it was in the end. Throws HostError.
  DescriptorStream(Executor executor, UniqueFd both_ways, std::string name);
  /// One for each direction, such as stdin and stdout.
  DescriptorStream(Executor executor, UniqueFd input, UniqueFd output, std::string name);

  /// A terminal or pty whose other side hung up is at its end.
  Task<std::size_t> read_some(std::span<std::byte> into) override;
  Task<> write_all(std::span<const std::byte> from) override;

  [[nodiscard]] int input_handle() { return input_->native_handle(); }
  [[nodiscard]] int output_handle() { return output()->native_handle(); }

 private:
  /// A descriptor that cannot block the Loop.
  class Side {
   public:
    Side(Executor executor, UniqueFd owned, const std::string& name);
    Side(const Side&) = delete;
    Side& operator=(const Side&) = delete;
    ~Side();

    asio::posix::basic_stream_descriptor<Executor>* operator->() noexcept { return &descriptor_; }
    [[nodiscard]] bool is_terminal() const noexcept { return is_terminal_; }
    [[nodiscard]] bool is_nonblocking() const noexcept { return is_nonblocking_; }

   private:
    bool is_terminal_;
    bool is_nonblocking_ = false;
    std::optional<int> flags_to_restore_;
    asio::posix::basic_stream_descriptor<Executor> descriptor_;
  };

  [[nodiscard]] Side& output() { return separate_output_ ? *separate_output_ : input_; }

  std::string name_;
  Side input_;
  std::optional<Side> separate_output_;
};

}  // namespace runtime
