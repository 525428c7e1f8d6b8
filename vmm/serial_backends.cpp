#include "vmm/serial_backends.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <string_view>

#include "runtime/error.hpp"
#include "vmm/boot_files.hpp"

namespace vmm {
namespace {

/// Not emptied yet, and without waiting for a FIFO's reader.
runtime::UniqueFd create_file(const std::string& path) {
  constexpr mode_t everyone_as_umask_allows = 0666;
  return runtime::UniqueFd{
      runtime::check(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
                            everyone_as_umask_allows),
                     "create '{}'", path)};
}

runtime::UniqueFd duplicate(int descriptor, std::string_view name) {
  return runtime::UniqueFd{runtime::check(::fcntl(descriptor, F_DUPFD_CLOEXEC, 0), "use {}", name)};
}

}  // namespace

SerialBackends::SerialBackends(const MachineConfig& config, runtime::Executor executor,
                               runtime::LocalEvent& quit)
    : virtio_console_is_terminal_{config.virtio_console.kind == SerialBackend::Kind::Console &&
                                  platform::host::is_terminal(STDOUT_FILENO)} {
  for (std::size_t i = 0; i < serial_port_count; ++i) {
    streams_[i] = open(fmt::format("--com{}", i + 1), config.serial[i], executor, quit);
  }
  virtio_console_ = open("--virtio-console", config.virtio_console, executor, quit);
}

std::unique_ptr<runtime::ByteStream> SerialBackends::open(std::string_view option,
                                                          const SerialBackend& backend,
                                                          runtime::Executor executor,
                                                          runtime::LocalEvent& quit) try {
  using Kind = SerialBackend::Kind;
  switch (backend.kind) {
    case Kind::None:
      break;
    case Kind::Console: {
      auto console = std::make_unique<ConsoleStream>(executor, quit);
      console_ = console.get();
      return console;
    }
    case Kind::Stderr:
      return std::make_unique<OutputStream>(executor, duplicate(STDERR_FILENO, "standard error"),
                                            "standard error");
    case Kind::File: {
      runtime::UniqueFd file = create_file(backend.path);
      files_to_empty_.push_back(duplicate(file.get(), backend.path));
      return std::make_unique<OutputStream>(executor, std::move(file), backend.path);
    }
    case Kind::Listen: {
      auto socket = std::make_unique<SocketStream>(executor, backend.path);
      sockets_.push_back(socket.get());
      return socket;
    }
    case Kind::Pty: {
      auto pty = std::make_unique<PtyStream>(executor);
      fmt::print(stderr, "mayfly: {} is {}\n", option.substr(2), pty->path());
      return pty;
    }
  }
  return nullptr;
} catch (const runtime::HostError& error) {
  throw BadInput{fmt::format("{}: {}", option, error.what())};
}

Backends SerialBackends::backends() const {
  Backends backends;
  for (std::size_t i = 0; i < serial_port_count; ++i) backends.serial[i] = streams_[i].get();
  backends.virtio_console = virtio_console_.get();
  if (virtio_console_is_terminal_) {
    const auto [columns, rows] = platform::host::terminal_size(STDOUT_FILENO);
    backends.console_size = {.columns = columns, .rows = rows};
  }
  return backends;
}

void SerialBackends::begin() {
  // Devices and FIFOs have no length; they refuse, and that is fine.
  for (const runtime::UniqueFd& file : files_to_empty_) (void)!::ftruncate(file.get(), 0);
  files_to_empty_.clear();
}

void SerialBackends::run(runtime::Scope& tasks) {
  if (console_ != nullptr) tasks.spawn(console_->run());
  for (SocketStream* const socket : sockets_) tasks.spawn(socket->run());
}

}  // namespace vmm
