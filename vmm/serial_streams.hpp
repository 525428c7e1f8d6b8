// What stands behind the serial ports: one ByteStream per backend kind.
//
// Threads: the Loop's.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "platform/host/terminal.hpp"
#include "runtime/byte_stream.hpp"
#include "runtime/fd_stream.hpp"
#include "runtime/listener.hpp"
#include "runtime/local_event.hpp"
#include "runtime/task.hpp"
#include "vmm/escape.hpp"
#include "vmm/typed_input.hpp"

namespace vmm {

/// Standard input and output; a terminal is in raw mode while this lives.
class ConsoleStream final : public runtime::ByteStream {
 public:
  /// `quit` is notified when the operator types Ctrl-Q q.
  ConsoleStream(runtime::Executor executor, runtime::LocalEvent& quit);

  /// Reads what is typed until stopped or the input ends.
  runtime::Task<> run();

  runtime::Task<std::size_t> read_some(std::span<std::byte> into) override;
  runtime::Task<> write_all(std::span<const std::byte> from) override;

 private:
  runtime::Task<> read_until_end();
  void typed(std::span<std::byte> keys);

  runtime::LocalEvent& quit_;
  std::optional<platform::host::RawTerminal> raw_;  // without a terminal every byte is the guest's
  EscapeFilter escapes_;
  TypedInput input_;
  runtime::DescriptorStream stream_;
};

/// Bytes go out; none ever come in.
class OutputStream final : public runtime::ByteStream {
 public:
  OutputStream(runtime::Executor executor, runtime::UniqueFd output, std::string name);

  runtime::Task<std::size_t> read_some(std::span<std::byte> into) override;
  runtime::Task<> write_all(std::span<const std::byte> from) override;

 private:
  runtime::DescriptorStream stream_;
};

/// A pseudo-terminal. While nobody reads its other side, what does not fit is dropped.
class PtyStream final : public runtime::ByteStream {
 public:
  explicit PtyStream(runtime::Executor executor);

  /// What to open: /dev/pts/N.
  [[nodiscard]] const std::string& path() const { return path_; }

  runtime::Task<std::size_t> read_some(std::span<std::byte> into) override;
  runtime::Task<> write_all(std::span<const std::byte> from) override;

 private:
  PtyStream(runtime::Executor executor, runtime::UniqueFd controller);

  std::string path_;
  runtime::UniqueFd handle_;      // the same pty, for what a stream cannot be asked
  runtime::UniqueFd other_side_;  // kept open, or each reader's leaving would hang the line up
  bool has_reader_ = true;
  runtime::DescriptorStream stream_;
};

/// A Unix socket, one client at a time. Without a client, output is dropped.
class SocketStream final : public runtime::ByteStream {
 public:
  SocketStream(runtime::Executor executor, const std::string& path);

  /// Lets clients in, one after another, until stopped.
  runtime::Task<> run();

  runtime::Task<std::size_t> read_some(std::span<std::byte> into) override;
  runtime::Task<> write_all(std::span<const std::byte> from) override;

 private:
  struct Client {
    Client(runtime::Executor executor, runtime::UniqueFd socket, const std::string& path);

    runtime::UniqueFd handle;  // the same socket, for what a stream cannot be asked
    runtime::DescriptorStream stream;
    bool writing = false;
  };

  runtime::Task<> serve();
  runtime::Task<> read_client();

  runtime::Executor executor_;
  runtime::Listener listener_;
  TypedInput input_;
  std::unique_ptr<Client> client_;
  bool client_left_ = false;
  runtime::LocalEvent written_;
};

}  // namespace vmm
