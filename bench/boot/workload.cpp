#include "bench/boot/workload.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>

#include "bench/boot/launch.hpp"

namespace bench {

namespace {

constexpr double per_second = 1e9;

/// Beside the work itself each case starts a program, and there are four.
constexpr int cases = 4;
constexpr Nanoseconds start_of_case_ns = 2'000'000'000;

}  // namespace

std::optional<CaseResult> parse_result(std::string_view console, int number) {
  const auto label = fmt::format("result {}: ", number);
  const auto at = console.find(label);
  if (at == std::string_view::npos) return std::nullopt;
  const auto begin = at + label.size();
  const auto end = console.find(fmt::format(" end {}.", number), begin);
  if (end == std::string_view::npos) return std::nullopt;
  std::istringstream words{std::string{console.substr(begin, end - begin)}};
  CaseResult result;
  for (std::string word; words >> word;) {
    const auto value = word.substr(std::min(word.find('=') + 1, word.size()));
    if (word.starts_with("case=")) result.name = value;
    if (word.starts_with("unit=")) result.unit = value;
    if (word.starts_with("count=")) result.count = std::strtod(value.c_str(), nullptr);
    if (word.starts_with("ns=")) result.ns = std::strtod(value.c_str(), nullptr);
  }
  const bool whole =
      !result.name.empty() && !result.unit.empty() && result.count > 0 && result.ns > 0;
  return whole ? std::optional{result} : std::nullopt;
}

Effort Effort::now(pid_t pid) {
  return {cpu_times(pid), kvm_counters(pid)};
}

Record figures_of(const CaseResult& result, const Effort& before, const Effort& after) {
  Record figures;
  figures.set("per_s", result.count / result.ns * per_second);
  const auto each = [&](const char* name, Nanoseconds from, Nanoseconds to) {
    figures.set(name, static_cast<double>(to - from) / result.count);
  };
  each("user_ns_each", before.times.user, after.times.user);
  each("system_ns_each", before.times.system, after.times.system);
  each("guest_ns_each", before.times.guest, after.times.guest);
  for (const std::string name : {"exits", "io_exits", "mmio_exits", "halt_exits"}) {
    const auto from = before.kvm.find(name), to = after.kvm.find(name);
    if (from == before.kvm.end() || to == after.kvm.end()) continue;
    figures.set(name + "_each", (to->second - from->second) / result.count);
  }
  return figures;
}

std::vector<Record> measure_workload(const Contestant& contestant, const Guest& guest,
                                     const Method& method, Pass pass) {
  Launch launch{contestant.program, arguments_for(contestant, guest, method, pass),
                Reading::AtOnce};
  const auto deadline = launch.started() + method.time_limit +
                        cases * (method.workload_s * Nanoseconds{1'000'000'000} + start_of_case_ns);
  std::vector<Record> records;
  for (int number = 1; launch.wait_for_text(fmt::format("begin {}.", number), deadline); ++number) {
    const Effort before = Effort::now(launch.pid());
    if (!launch.wait_for_text(fmt::format(" end {}.", number), deadline)) break;
    const Effort after = Effort::now(launch.pid());
    const auto result = parse_result(launch.console(), number);
    if (!result) break;
    Record record = figures_of(*result, before, after);
    record.set("pass", fmt::format("{}: {}, {}", name_of(pass), result->name, result->unit));
    record.set("outcome", std::string{"ok"});
    records.push_back(std::move(record));
  }
  const bool ended = launch.wait_for_exit(deadline).has_value();
  keep_console(method, contestant, pass, launch);
  if (!ended || launch.console().find("all cases done") == std::string::npos) {
    records.push_back(failure(launch, ended));
  }
  return records;
}

}  // namespace bench
