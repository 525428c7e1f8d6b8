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

#include <asio/impl/src.hpp>
