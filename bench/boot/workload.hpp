// A guest that works on a device, and what each of its cases cost.
//
// bench/workloads/init is that guest's first program. Around each case it prints
//
//   begin 1.
//   result 1: case=randread-1 unit=requests count=18230 ns=2000000000 end 1.
//
// counting up from 1, and powers off after the last.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bench/boot/measurement.hpp"
#include "bench/boot/process_usage.hpp"

namespace bench {

struct CaseResult {
  std::string name;
  std::string unit;  ///< What is counted: requests, KiB, packets.
  double count = 0;
  double ns = 0;
};

/// Nothing if the console has no whole result of that number.
[[nodiscard]] std::optional<CaseResult> parse_result(std::string_view console, int number);

/// What was used up from one moment to another.
struct Effort {
  CpuTimes times;
  std::map<std::string, double> kvm;

  [[nodiscard]] static Effort now(pid_t pid);
};

/// The figures of a case: "per_s", and what each of what it counts cost.
[[nodiscard]] Record figures_of(const CaseResult& result, const Effort& before,
                                const Effort& after);

/// One boot with all cases of a pass, a record for each: "pass" is the pass, the case and its unit.
/// A boot that does not come to its end adds one whose outcome says so.
[[nodiscard]] std::vector<Record> measure_workload(const Contestant& contestant, const Guest& guest,
                                                   const Method& method, Pass pass);

}  // namespace bench
