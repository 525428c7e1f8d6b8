#include "runtime/ring.hpp"

#include <fcntl.h>
#include <liburing.h>

#include <algorithm>
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

namespace runtime {
namespace {

// A full submission queue is submitted early; completions that do not fit are kept by the kernel.
constexpr unsigned submission_entries = 64;
constexpr unsigned completion_entries = 512;

/// One operation moves no more (MAX_RW_COUNT).
constexpr std::size_t most_bytes = 0x7FFF'F000;

unsigned size_of(const iovec& vector) {
  return static_cast<unsigned>(std::min(vector.iov_len, most_bytes));
}

/// Owns the kernel's ring.
class KernelRing {
 public:
  KernelRing() {
    io_uring_params params{};
    params.flags = IORING_SETUP_CQSIZE;
    params.cq_entries = completion_entries;
    const int result = ::io_uring_queue_init_params(submission_entries, &ring_, &params);
    if (result < 0) throw HostError{-result, "set up io_uring"};
  }
  KernelRing(const KernelRing&) = delete;
  KernelRing& operator=(const KernelRing&) = delete;
  ~KernelRing() { ::io_uring_queue_exit(&ring_); }

  io_uring* get() { return &ring_; }
  [[nodiscard]] std::size_t not_submitted() const { return ::io_uring_sq_ready(&ring_); }
  /// Readable while there are completions.
  [[nodiscard]] int duplicate_descriptor() const {
    return check(::fcntl(ring_.ring_fd, F_DUPFD_CLOEXEC, 0), "duplicate io_uring's descriptor");
  }

 private:
  io_uring ring_;
};

}  // namespace

class Ring::Impl {
 public:
  explicit Impl(Executor executor)
      : executor_{executor}, completions_{executor, ring_.duplicate_descriptor()} {}
  ~Impl() { assert(in_flight_ == 0 && "an operation outlives its Ring"); }

  /// Fills in an entry with `prepare`, submits it and waits for its result.
  template <typename Prepare>
  Task<int> run(Prepare prepare);

 private:
  /// Lives in the frame of the task that waits for it; its address is the entry's user data.
  using Resume = asio::any_completion_handler<void(int)>;
  struct Operation {
    Resume resume;
  };

  template <typename Prepare>
  struct Start {
    Impl& ring;
    Operation& operation;
    Prepare& prepare;

    template <typename Handler>
    void operator()(Handler&& resume) const {
      auto slot = asio::get_associated_cancellation_slot(resume);
      operation.resume = std::forward<Handler>(resume);
      if (slot.is_connected()) {
        slot.assign([&cancelled = operation, &owner = ring](asio::cancellation_type) {
          owner.cancel(cancelled);
        });
      }
      ring.add(operation, prepare);
    }
  };

  template <typename Prepare>
  void add(Operation& operation, Prepare& prepare) {
    io_uring_sqe* const entry = next_entry();
    prepare(entry);
    ::io_uring_sqe_set_data(entry, &operation);
    ++in_flight_;
    submit_soon();
  }

  void cancel(Operation& operation) {
    io_uring_sqe* const entry = next_entry();
    ::io_uring_prep_cancel(entry, &operation, 0);
    ::io_uring_sqe_set_data(entry, nullptr);
    submit_soon();
  }

  io_uring_sqe* next_entry();
  void submit_soon();
  void submit();
  template <typename Deliver>
  void take_completions(Deliver deliver);
  void collect_completions();
  void await_completions();

  Executor executor_;
  KernelRing ring_;
  asio::posix::basic_stream_descriptor<Executor> completions_;
  std::size_t in_flight_ = 0;  // a task waits for them
  bool submits_soon_ = false;  // submit() is posted
  bool awaits_completions_ = false;
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
    // Submitting empties the queue, unless the kernel is out of memory for a moment or, before
    // Linux 6.1, has more completions for us than fit.
    if (::io_uring_submit(ring_.get()) < 0) {
      take_completions([this](Resume resume, int result) {
        asio::post(executor_,
                   [resume = std::move(resume), result]() mutable { std::move(resume)(result); });
      });
    }
    entry = ::io_uring_get_sqe(ring_.get());
  }
  return entry;
}

// Behind all that is ready to run now: those tasks may have something to submit, too.
void Ring::Impl::submit_soon() {
  if (std::exchange(submits_soon_, true)) return;
  asio::post(executor_, [this]() noexcept {
    submits_soon_ = false;
    submit();
  });
}

void Ring::Impl::submit() {
  (void)::io_uring_submit(ring_.get());
  // What the kernel did not take stays queued; try again once other work has had its turn.
  if (ring_.not_submitted() != 0) submit_soon();
  collect_completions();
}

template <typename Deliver>
void Ring::Impl::take_completions(Deliver deliver) {
  io_uring_cqe* completion = nullptr;
  while (::io_uring_peek_cqe(ring_.get(), &completion) == 0) {
    const int result = completion->res;
    auto* const operation = static_cast<Operation*>(::io_uring_cqe_get_data(completion));
    ::io_uring_cqe_seen(ring_.get(), completion);
    if (operation == nullptr) continue;  // the answer to a cancel request
    --in_flight_;
    // The operation is gone once its task goes on.
    deliver(std::move(operation->resume), result);
  }
}

void Ring::Impl::collect_completions() {
  // In place: only the Loop itself calls this.
  take_completions([](Resume resume, int result) { std::move(resume)(result); });
  // An idle Ring neither keeps the Loop alive nor wakes it.
  if (in_flight_ == 0 && awaits_completions_) completions_.cancel();
  if (in_flight_ > ring_.not_submitted()) await_completions();
}

void Ring::Impl::await_completions() {
  if (std::exchange(awaits_completions_, true)) return;
  completions_.async_wait(decltype(completions_)::wait_read, [this](const std::error_code&) {
    awaits_completions_ = false;
    collect_completions();
  });
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

Task<int> Ring::read(int descriptor, std::span<const iovec> into, std::uint64_t offset_bytes) {
  return impl_->run([=](io_uring_sqe* entry) {
    if (into.size() == 1) {
      ::io_uring_prep_read(entry, descriptor, into[0].iov_base, size_of(into[0]), offset_bytes);
    } else {
      ::io_uring_prep_readv(entry, descriptor, into.data(), static_cast<unsigned>(into.size()),
                            offset_bytes);
    }
  });
}

Task<int> Ring::write(int descriptor, std::span<const iovec> from, std::uint64_t offset_bytes) {
  return impl_->run([=](io_uring_sqe* entry) {
    if (from.size() == 1) {
      ::io_uring_prep_write(entry, descriptor, from[0].iov_base, size_of(from[0]), offset_bytes);
    } else {
      ::io_uring_prep_writev(entry, descriptor, from.data(), static_cast<unsigned>(from.size()),
                             offset_bytes);
    }
  });
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
