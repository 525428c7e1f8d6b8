#include "devices/terminal.hpp"

#include "runtime/error.hpp"

namespace devices {

using runtime::Task;

Task<> Terminal::write(std::span<const std::byte> bytes) {
  try {
    co_await stream_.write_all(bytes);
    if (discarded_bytes_ != 0) {
      runtime::log::guest(log_limit_, "{}: output goes on, {} bytes were lost", line_,
                          discarded_bytes_);
      discarded_bytes_ = 0;
    }
  } catch (const runtime::HostError& error) {
    if (discarded_bytes_ == 0) {
      runtime::log::guest(log_limit_, "{}: {}; discarding the guest's output", line_, error.what());
    }
    discarded_bytes_ += bytes.size();
  }
}

Task<std::size_t> Terminal::read(std::span<std::byte> into) {
  try {
    co_return co_await stream_.read_some(into);
  } catch (const runtime::HostError& error) {
    runtime::log::warning("{}: {}; the guest gets no more input", line_, error.what());
    co_return 0;
  }
}

}  // namespace devices
