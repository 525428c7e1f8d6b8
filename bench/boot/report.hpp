// Tables from samples. A sample is a Record with "contestant", "pass", "outcome" and figures whose
// names end in their unit: _ns, _bytes, _ticks, else plain counts.
#pragma once

#include <string>
#include <vector>

#include "bench/boot/record.hpp"

namespace bench {

/// For each pass and figure that several contestants have: their percentiles, and how `reference`
/// compares. Then what the reference alone tells of itself.
[[nodiscard]] std::string report(const std::vector<Record>& samples, const std::string& reference);

/// The same figure of the same contestant in two files of samples.
[[nodiscard]] std::string comparison(const std::vector<Record>& before,
                                     const std::vector<Record>& after);

/// Reads the samples out of a file that this program wrote; skips its description of the host.
[[nodiscard]] std::vector<Record> read_samples(const std::string& file);

}  // namespace bench
