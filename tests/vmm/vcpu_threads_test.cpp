#include "vmm/vcpu_threads.hpp"

#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <condition_variable>
#include <mutex>
#include <stdexcept>

#include "tests/support/fake_vm.hpp"

using vmm::Timeline;
using vmm::VcpuThreads;

namespace {

class Handler final : public vmm::ExitHandler {
 public:
  void handle(platform::VmExit&) override {
    const std::lock_guard lock{mutex_};
    ++handled_;
    changed_.notify_all();
  }
  void failed(std::exception_ptr failure) override {
    const std::lock_guard lock{mutex_};
    failure_ = failure;
    changed_.notify_all();
  }

  void wait_for(int handled) {
    std::unique_lock lock{mutex_};
    REQUIRE(changed_.wait_for(lock, std::chrono::seconds{10}, [&] { return handled_ >= handled; }));
  }
  std::exception_ptr wait_for_failure() {
    std::unique_lock lock{mutex_};
    REQUIRE(changed_.wait_for(lock, std::chrono::seconds{10}, [&] { return failure_ != nullptr; }));
    return failure_;
  }
  int handled() {
    const std::lock_guard lock{mutex_};
    return handled_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int handled_ = 0;
  std::exception_ptr failure_;
};

struct Fixture {
  explicit Fixture(std::size_t count) {
    script.exits.resize(count);
    for (auto& exits : script.exits) exits.push_back(write_port(0x80, {1}));
    FakeX86Vm vm{script};
    for (std::uint32_t i = 0; i < count; ++i) vcpus.push_back(vm.create_vcpu(i, nullptr, {}));
  }
  FakeX86Script script;
  std::vector<std::unique_ptr<platform::Vcpu>> vcpus;
  Handler handler;
  Timeline timeline;
};

}  // namespace

TEST_CASE("vCPU threads: every exit is handled and counted by its kind", "[vmm][vcpu]") {
  Fixture fixture{3};
  VcpuThreads threads{fixture.handler};
  threads.start(fixture.vcpus, fixture.timeline);
  fixture.handler.wait_for(3);
  threads.stop();
  CHECK(threads.exits()[1] == 3);
  CHECK(fixture.timeline.when(vmm::BootEvent::FirstRun).has_value());
}

TEST_CASE("vCPU threads: stop before start, twice, and without start are harmless", "[vmm][vcpu]") {
  Fixture fixture{2};
  VcpuThreads threads{fixture.handler};
  threads.stop();
  threads.start(fixture.vcpus, fixture.timeline);
  threads.stop();
  threads.stop();
  CHECK(fixture.handler.handled() == 0);
}

TEST_CASE("vCPU threads: paused, no vCPU takes a step; resumed, all go on", "[vmm][vcpu]") {
  Fixture fixture{2};
  VcpuThreads threads{fixture.handler};
  threads.start(fixture.vcpus, fixture.timeline);
  fixture.handler.wait_for(2);
  for (int round = 0; round < 50; ++round) {
    threads.pause();
    const int handled = fixture.handler.handled();
    for (const auto& vcpu : fixture.vcpus) vcpu->kick();
    CHECK(fixture.handler.handled() == handled);
    threads.resume();
    fixture.handler.wait_for(handled + 2);
  }
  threads.stop();
}

TEST_CASE("vCPU threads: a machine may be stopped while it is paused", "[vmm][vcpu]") {
  Fixture fixture{2};
  VcpuThreads threads{fixture.handler};
  threads.start(fixture.vcpus, fixture.timeline);
  threads.pause();
  threads.stop();
  SUCCEED();
}

TEST_CASE("vCPU threads: a host failure is handed on and ends that thread alone", "[vmm][vcpu]") {
  Fixture fixture{2};
  fixture.script.at_end = [] { throw std::runtime_error{"no more"}; };
  FakeX86Vm vm{fixture.script};
  fixture.vcpus[0] = vm.create_vcpu(0, nullptr, {});
  VcpuThreads threads{fixture.handler};
  threads.start(fixture.vcpus, fixture.timeline);
  CHECK_THROWS_AS(std::rethrow_exception(fixture.handler.wait_for_failure()), std::runtime_error);
  threads.pause();  // the thread that ended counts as paused
  threads.stop();
}
