#include "runtime/ring.hpp"

#include <liburing.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <asio/any_completion_handler.hpp>
#include <asio/associated_cancellation_slot.hpp>
#include <asio/async_result.hpp>
#include <asio/execution_context.hpp>
#include <asio/posix/basic_stream_descriptor.hpp>
#include <asio/post.hpp>
#include <cassert>
#include <optional>
#include <utility>

#include "runtime/failure.hpp"
#include "runtime/unique_fd.hpp"

namespace runtime {
namespace {

constexpr unsigned submission_entries = 32;

UniqueFd make_eventfd() {
  return UniqueFd{check(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "create an eventfd")};
}

/// Owns the kernel's ring.
class KernelRing {
 public:
  explicit KernelRing(int completion_eventfd) {
    require(::io_uring_queue_init(submission_entries, &ring_, 0));
    const int result = ::io_uring_register_eventfd(&ring_, completion_eventfd);
    if (result < 0) ::io_uring_queue_exit(&ring_);
    require(result);
  }
  KernelRing(const KernelRing&) = delete;
  KernelRing& operator=(const KernelRing&) = delete;
  ~KernelRing() { ::io_uring_queue_exit(&ring_); }

  io_uring* get() { return &ring_; }

 private:
  static void require(int result) {
    if (result < 0) throw HostError{-result, "set up io_uring"};
  }
  io_uring ring_;
};

}  // namespace

class Ring::Impl {
 public:
  explicit Impl(Executor executor)
      : executor_{executor},
        eventfd_{executor, make_eventfd().release()},
        ring_{eventfd_.native_handle()} {}
  ~Impl() { assert(in_flight_ == 0 && "an operation outlives its Ring"); }

  /// Fills in an entry with `prepare`, submits it and waits for its result.
  template <typename Prepare>
  Task<int> run(Prepare prepare);

 private:
  /// Lives in the frame of the task that waits for it; its address is the entry's user data.
  struct Operation {
    asio::any_completion_handler<void(int)> resume;
  };

  template <typename Prepare>
  struct Start {
    Impl& ring;
    Operation& operation;
    Prepare& prepare;

    template <typename Resume>
    void operator()(Resume&& resume) const {
      auto slot = asio::get_associated_cancellation_slot(resume);
      operation.resume = std::forward<Resume>(resume);
      if (slot.is_connected()) {
        slot.assign([&cancelled = operation, &owner = ring](asio::cancellation_type) {
          owner.cancel(cancelled);
        });
      }
      ring.submit(operation, prepare);
    }
  };

  template <typename Prepare>
  void submit(Operation& operation, Prepare& prepare) {
    io_uring_sqe* const entry = next_entry();
    prepare(entry);
    ::io_uring_sqe_set_data(entry, &operation);
    flush_submissions();
    // Only now is there anything to wait for: an idle Ring neither keeps the Loop alive nor
    // wakes it.
    if (in_flight_++ == 0) await_completions();
  }

  void cancel(Operation& operation) {
    io_uring_sqe* const entry = next_entry();
    ::io_uring_prep_cancel(entry, &operation, 0);
    ::io_uring_sqe_set_data(entry, nullptr);
    flush_submissions();
  }

  io_uring_sqe* next_entry();
  void flush_submissions();
  void await_completions();
  void collect_completions();

  Executor executor_;
  asio::posix::basic_stream_descriptor<Executor> eventfd_;
  KernelRing ring_;
  std::size_t in_flight_ = 0;
};

template <typename Prepare>
Task<int> Ring::Impl::run(Prepare prepare) {
  throw_if_stopped(co_await cancellation);
  Operation operation;
  const int result = co_await asio::async_initiate<const asio::deferred_t, void(int)>(
      Start<Prepare>{*this, operation, prepare}, or_throw);
  if (result == -ECANCELED) throw stopped();
  co_return result;
}

io_uring_sqe* Ring::Impl::next_entry() {
  io_uring_sqe* entry = ::io_uring_get_sqe(ring_.get());
  while (entry == nullptr) {
    // Submitting empties the queue unless the kernel is out of memory for a moment.
    (void)::io_uring_submit(ring_.get());
    entry = ::io_uring_get_sqe(ring_.get());
  }
  return entry;
}

void Ring::Impl::flush_submissions() {
  // An entry the kernel did not take stays queued; try again once other work has had its turn.
  if (::io_uring_submit(ring_.get()) < 0) {
    asio::post(executor_, [this]() noexcept { flush_submissions(); });
  }
}

void Ring::Impl::await_completions() {
  eventfd_.async_wait(decltype(eventfd_)::wait_read, [this](const std::error_code&) {
    std::uint64_t count;
    (void)!::read(eventfd_.native_handle(), &count, sizeof(count));
    collect_completions();
    if (in_flight_ != 0) await_completions();
  });
}

void Ring::Impl::collect_completions() {
  io_uring_cqe* completion = nullptr;
  while (::io_uring_peek_cqe(ring_.get(), &completion) == 0) {
    const int result = completion->res;
    auto* const operation = static_cast<Operation*>(::io_uring_cqe_get_data(completion));
    ::io_uring_cqe_seen(ring_.get(), completion);
    if (operation == nullptr) continue;  // the answer to a cancel request
    --in_flight_;
    asio::post(executor_, [resume = std::move(operation->resume), result]() mutable {
      std::move(resume)(result);
    });
  }
}

namespace {

/// Keeps a Loop's Ring beside it, and ends it before the Loop's own parts.
class RingService final : public asio::execution_context::service {
 public:
  static inline asio::execution_context::id id;

  explicit RingService(asio::execution_context& context)
      : asio::execution_context::service{context},
        ring_{std::in_place, static_cast<asio::io_context&>(context).get_executor()} {}

  Ring& ring() { return *ring_; }

 private:
  void shutdown() noexcept override { ring_.reset(); }

  std::optional<Ring> ring_;
};

}  // namespace

Ring::Ring(Executor executor) : impl_{std::make_unique<Impl>(executor)} {}
Ring::~Ring() = default;

Ring& Ring::of(Executor executor) {
  return asio::use_service<RingService>(static_cast<asio::execution_context&>(executor.context()))
      .ring();
}

Task<int> Ring::fdatasync(int descriptor) {
  return impl_->run([descriptor](io_uring_sqe* entry) {
    ::io_uring_prep_fsync(entry, descriptor, IORING_FSYNC_DATASYNC);
  });
}

Task<int> Ring::fallocate(int descriptor, int mode, std::uint64_t offset_bytes,
                          std::uint64_t size_bytes) {
  return impl_->run([=](io_uring_sqe* entry) {
    // liburing 2.3 declares these as off_t; the kernel takes them as they are.
    ::io_uring_prep_fallocate(entry, descriptor, mode, static_cast<off_t>(offset_bytes),
                              static_cast<off_t>(size_bytes));
  });
}

}  // namespace runtime
