#include "vmm/serial_backends.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "runtime/error.hpp"
#include "vmm/boot_files.hpp"

namespace vmm {
namespace {

runtime::UniqueFd create_file(const std::string& path) {
  constexpr mode_t everyone_as_umask_allows = 0666;
  return runtime::UniqueFd{
      runtime::check(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY,
                            everyone_as_umask_allows),
                     "create '{}'", path)};
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
    case Kind::Console:
      return std::make_unique<ConsoleStream>(executor, quit);
    case Kind::Stderr:
      return std::make_unique<OutputStream>(
          executor,
          runtime::UniqueFd{
              runtime::check(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0), "use standard error")},
          "standard error");
    case Kind::File:
      return std::make_unique<OutputStream>(executor, create_file(backend.path), backend.path);
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

void SerialBackends::run(runtime::Scope& tasks) {
  for (SocketStream* const socket : sockets_) tasks.spawn(socket->run());
}

}  // namespace vmm
