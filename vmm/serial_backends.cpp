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
                               runtime::LocalEvent& quit) {
  for (std::size_t i = 0; i < serial_port_count; ++i) {
    try {
      streams_[i] = open(i, config.serial[i], executor, quit);
    } catch (const runtime::HostError& error) {
      throw BadInput{fmt::format("--com{}: {}", i + 1, error.what())};
    }
  }
}

std::unique_ptr<runtime::ByteStream> SerialBackends::open(std::size_t port,
                                                          const SerialBackend& backend,
                                                          runtime::Executor executor,
                                                          runtime::LocalEvent& quit) {
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
      fmt::print(stderr, "mayfly: com{} is {}\n", port + 1, pty->path());
      return pty;
    }
  }
  return nullptr;
}

SerialStreams SerialBackends::streams() const {
  SerialStreams streams{};
  for (std::size_t i = 0; i < serial_port_count; ++i) streams[i] = streams_[i].get();
  return streams;
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
