// FakeLink: a NetworkLink whose other side is the test.
#pragma once

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <deque>
#include <optional>
#include <vector>

#include "platform/network_link.hpp"
#include "runtime/error.hpp"
#include "runtime/local_event.hpp"

class FakeLink final : public platform::NetworkLink {
 public:
  using Frame = std::vector<std::byte>;

  explicit FakeLink(runtime::Executor executor) : arrived_{executor}, room_{executor} {}

  /// A frame for the guest, header first.
  void arrive(Frame frame) {
    arriving_.push_back(std::move(frame));
    arrived_.notify();
  }
  [[nodiscard]] std::size_t waiting() const { return arriving_.size(); }
  /// For as many frames from now on.
  void make_room(std::size_t frames) {
    room_for_ = frames;
    room_.notify();
  }
  /// As if the interface had been deleted.
  void vanish() {
    gone_ = true;
    arrived_.notify();
    room_.notify();
  }

  std::vector<Frame> sent;
  platform::NetworkOffloads can;
  std::optional<platform::NetworkOffloads> given;
  platform::LinkQueueUse used = platform::LinkQueueUse::Used;

  [[nodiscard]] platform::NetworkOffloads offloads() const override { return can; }
  void give(const platform::NetworkOffloads& guest_can) override {
    fail_if_gone();
    given = guest_can;
  }
  void use(platform::LinkQueueUse use) override {
    fail_if_gone();
    used = use;
  }

  [[nodiscard]] std::optional<std::size_t> receive(
      std::span<const std::span<std::byte>> into) override {
    fail_if_gone();
    if (arriving_.empty()) return std::nullopt;
    const Frame frame = std::move(arriving_.front());
    arriving_.pop_front();
    std::size_t at = 0;
    for (const auto buffer : into) {
      const std::size_t part = std::min(buffer.size(), frame.size() - at);
      std::copy_n(frame.begin() + static_cast<std::ptrdiff_t>(at), part, buffer.begin());
      at += part;
    }
    return at;
  }

  [[nodiscard]] bool send(std::span<const std::span<const std::byte>> frame) override {
    fail_if_gone();
    if (room_for_ && *room_for_ == 0) return false;
    if (room_for_) --*room_for_;
    Frame whole;
    for (const auto part : frame) whole.insert(whole.end(), part.begin(), part.end());
    sent.push_back(std::move(whole));
    return true;
  }

  runtime::Task<> receivable() override { co_await arrived_.wait(); }
  runtime::Task<> sendable() override { co_await room_.wait(); }

 private:
  void fail_if_gone() const {
    if (gone_) throw runtime::HostError{EBADFD, "use the link"};
  }

  std::deque<Frame> arriving_;
  std::optional<std::size_t> room_for_;
  bool gone_ = false;
  runtime::LocalEvent arrived_;
  runtime::LocalEvent room_;
};
