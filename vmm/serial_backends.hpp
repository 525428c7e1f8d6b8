// The streams behind a machine's serial ports and its virtio console, made from its configuration.
// They outlive the machine: after a restart the same terminal, file or socket goes on.
#pragma once

#include <array>
#include <memory>
#include <string_view>
#include <vector>

#include "runtime/local_event.hpp"
#include "runtime/scope.hpp"
#include "vmm/board.hpp"
#include "vmm/config.hpp"
#include "vmm/serial_streams.hpp"

namespace vmm {

class SerialBackends {
 public:
  /// Opens them all; a pty's name is printed on standard error. `quit` is for the console's Ctrl-Q
  /// q. Throws BadInput naming the option.
  SerialBackends(const MachineConfig& config, runtime::Executor executor,
                 runtime::LocalEvent& quit);

  /// Null where there is no port.
  [[nodiscard]] Backends backends() const;

  /// Starts what the streams do by themselves.
  void run(runtime::Scope& tasks);

  /// Empties the files behind ports: not before the machine is certain to run.
  void begin();

 private:
  [[nodiscard]] std::unique_ptr<runtime::ByteStream> open(std::string_view option,
                                                          const SerialBackend& backend,
                                                          runtime::Executor executor,
                                                          runtime::LocalEvent& quit);

  std::array<std::unique_ptr<runtime::ByteStream>, serial_port_count> streams_;
  std::unique_ptr<runtime::ByteStream> virtio_console_;
  bool virtio_console_is_terminal_;
  ConsoleStream* console_ = nullptr;
  std::vector<SocketStream*> sockets_;
  std::vector<runtime::UniqueFd> files_to_empty_;
};

}  // namespace vmm
