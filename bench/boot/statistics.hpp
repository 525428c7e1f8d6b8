// What is said about a set of samples, and about the difference of two sets.
#pragma once

#include <vector>

namespace bench {

/// The value that `percent` of the sorted samples do not exceed (nearest rank). Not for an empty
/// set.
[[nodiscard]] double percentile(std::vector<double> samples, double percent);
[[nodiscard]] double mean(const std::vector<double>& samples);

/// How likely a difference of means at least this large would be if both sets came from one source:
/// a permutation test with 9,999 resamples, as Firecracker's A/B tests do it. Repeatable: the seed
/// is fixed.
[[nodiscard]] double permutation_p(const std::vector<double>& a, const std::vector<double>& b);

}  // namespace bench
