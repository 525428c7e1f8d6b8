// Runs a script of a test's beside what a device does by itself.
#pragma once

#include <utility>

#include "runtime/scope.hpp"
#include "runtime/task.hpp"

/// Finishes when `script` has, and the device's tasks, which are stopped then.
template <typename Device>
runtime::Task<> beside(Device& device, runtime::Task<> script) {
  runtime::Scope scope{co_await runtime::this_executor};
  scope.spawn(device.run());
  co_await std::move(script);
  scope.request_stop();
  co_await scope.join();
}
