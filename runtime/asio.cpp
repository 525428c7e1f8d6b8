// Asio's own code, compiled once (ASIO_SEPARATE_COMPILATION), with a ring that fits us.
//
// Asio asks for a ring of 16384 entries. The kernel allocates and zeroes all of it when it is
// made, some 1.6 MiB per Loop; README.md has the measurement. A full submission queue is no
// error to Asio: it submits and goes on, and the kernel keeps completions that do not fit. So a
// small ring only costs a system call per `submission_entries` operations started at once.

#include <liburing.h>

#include "runtime/error.hpp"

namespace {

constexpr unsigned submission_entries = 128;
constexpr unsigned completion_entries = 1024;

}  // namespace

static int mayfly_ring_init(unsigned, io_uring* ring, unsigned flags) {
  io_uring_params params{};
  params.flags = flags | IORING_SETUP_CQSIZE;
  params.cq_entries = completion_entries;
  const int result = ::io_uring_queue_init_params(submission_entries, ring, &params);
  // Asio would say "io_uring_queue_init"; the operator wants to know what is missing.
  if (result < 0) throw runtime::HostError{-result, "set up io_uring"};
  return result;
}

// The one name Asio leaves us to choose the size by.
#define io_uring_queue_init mayfly_ring_init

// What <asio/impl/src.hpp> includes, less what we do not use: sockets and name resolution would
// bring libc's resolver into a static program, and the linker's warning that it cannot work there.
#include <asio/detail/concurrency_hint.hpp>
#include <asio/detail/impl/buffer_sequence_adapter.ipp>
#include <asio/detail/impl/descriptor_ops.ipp>
#include <asio/detail/impl/eventfd_select_interrupter.ipp>
#include <asio/detail/impl/handler_tracking.ipp>
#include <asio/detail/impl/io_uring_descriptor_service.ipp>
#include <asio/detail/impl/io_uring_file_service.ipp>
#include <asio/detail/impl/io_uring_service.ipp>
#include <asio/detail/impl/null_event.ipp>
#include <asio/detail/impl/posix_event.ipp>
#include <asio/detail/impl/posix_mutex.ipp>
#include <asio/detail/impl/posix_thread.ipp>
#include <asio/detail/impl/posix_tss_ptr.ipp>
#include <asio/detail/impl/scheduler.ipp>
#include <asio/detail/impl/service_registry.ipp>
#include <asio/detail/impl/thread_context.ipp>
#include <asio/detail/impl/throw_error.ipp>
#include <asio/detail/impl/timer_queue_set.ipp>
#include <asio/execution/impl/bad_executor.ipp>
#include <asio/impl/any_completion_executor.ipp>
#include <asio/impl/any_io_executor.ipp>
#include <asio/impl/cancellation_signal.ipp>
#include <asio/impl/error.ipp>
#include <asio/impl/error_code.ipp>
#include <asio/impl/execution_context.ipp>
#include <asio/impl/io_context.ipp>
#include <asio/impl/multiple_exceptions.ipp>
