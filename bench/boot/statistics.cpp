#include "bench/boot/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

namespace bench {

double percentile(std::vector<double> samples, double percent) {
  std::ranges::sort(samples);
  const auto rank = std::ceil(percent / 100 * static_cast<double>(samples.size()));
  return samples[static_cast<std::size_t>(std::max(rank, 1.0)) - 1];
}

double mean(const std::vector<double>& samples) {
  return std::accumulate(samples.begin(), samples.end(), 0.0) / static_cast<double>(samples.size());
}

double permutation_p(const std::vector<double>& a, const std::vector<double>& b) {
  constexpr int resamples = 9999;
  const double observed = std::abs(mean(a) - mean(b));
  auto pool = a;
  pool.insert(pool.end(), b.begin(), b.end());
  const double total = std::accumulate(pool.begin(), pool.end(), 0.0);
  const auto size_a = static_cast<double>(a.size());
  const auto size_b = static_cast<double>(b.size());
  // Sums of the same numbers in another order differ in their last bits.
  const double tolerance = 1e-9 * std::abs(total);

  std::mt19937_64 random{20240229};
  int as_large = 0;
  for (int i = 0; i < resamples; ++i) {
    std::ranges::shuffle(pool, random);
    const double sum =
        std::accumulate(pool.begin(), pool.begin() + static_cast<std::ptrdiff_t>(a.size()), 0.0);
    as_large += std::abs(sum / size_a - (total - sum) / size_b) >= observed - tolerance;
  }
  return (as_large + 1.0) / (resamples + 1.0);
}

}  // namespace bench
