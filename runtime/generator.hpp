// Generator<T>: a coroutine one iterates over, run by its consumer, one value at a time.
// What std::generator is in C++23. Each step is one resume: nothing is allocated or copied.
//
// Threads: one at a time; a Generator may move to another thread between two steps.
#pragma once

#include <coroutine>
#include <cstddef>
#include <exception>
#include <iterator>
#include <memory>
#include <type_traits>
#include <utility>

namespace runtime {

/// `Generator<T&>` hands out references to what was `co_yield`ed; `Generator<T>` hands out an
/// rvalue reference. Either is valid until the next step. An exception in the coroutine reaches
/// the consumer from begin() or operator++. Destroying the Generator destroys the coroutine
/// where it stands, locals included.
template <typename T>
class [[nodiscard]] Generator {
 public:
  using Reference = std::conditional_t<std::is_reference_v<T>, T, T&&>;

  class promise_type {
   public:
    Generator get_return_object() noexcept { return Generator{Handle::from_promise(*this)}; }
    std::suspend_always initial_suspend() const noexcept { return {}; }
    std::suspend_always final_suspend() const noexcept { return {}; }
    /// A temporary lives until the consumer steps on: it belongs to the co_yield expression.
    std::suspend_always yield_value(Reference value) noexcept {
      value_ = std::addressof(value);
      return {};
    }
    void return_void() const noexcept {}
    void unhandled_exception() noexcept { failure_ = std::current_exception(); }
    /// A generator does not wait: what takes time is a Task.
    void await_transform() = delete;

   private:
    friend class Generator;
    std::add_pointer_t<Reference> value_ = nullptr;
    std::exception_ptr failure_;
  };

  class Iterator {
   public:
    using difference_type = std::ptrdiff_t;
    using value_type = std::remove_cvref_t<T>;

    Reference operator*() const noexcept {
      return static_cast<Reference>(*handle_.promise().value_);
    }
    Iterator& operator++() {
      step(handle_);
      return *this;
    }
    void operator++(int) { step(handle_); }
    bool operator==(std::default_sentinel_t) const noexcept { return handle_.done(); }

   private:
    friend class Generator;
    explicit Iterator(std::coroutine_handle<promise_type> handle) noexcept : handle_{handle} {}
    std::coroutine_handle<promise_type> handle_;
  };

  Generator(Generator&& other) noexcept : handle_{std::exchange(other.handle_, nullptr)} {}
  Generator& operator=(Generator&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Generator() {
    if (handle_) handle_.destroy();
  }

  /// Runs to the first value. Once per Generator.
  [[nodiscard]] Iterator begin() {
    step(handle_);
    return Iterator{handle_};
  }
  [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }

 private:
  using Handle = std::coroutine_handle<promise_type>;
  explicit Generator(Handle handle) noexcept : handle_{handle} {}

  static void step(Handle handle) {
    handle.resume();
    if (auto& failure = handle.promise().failure_; failure) [[unlikely]] {
      std::rethrow_exception(std::exchange(failure, nullptr));
    }
  }

  Handle handle_;
};

}  // namespace runtime
