#include "bench/boot/statistics.hpp"

#include <bit>
#include <cmath>
#include <vector>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>

using bench::mean;
using bench::percentile;
using bench::permutation_p;
using Catch::Matchers::WithinAbs;

namespace {

using Samples = std::vector<double>;

/// What permutation_p estimates: the share of all ways to draw a's size out of the pool whose means
/// differ by as much.
double exact_p(const Samples& a, const Samples& b) {
  auto pool = a;
  pool.insert(pool.end(), b.begin(), b.end());
  const double observed = std::abs(mean(a) - mean(b));
  int drawn = 0, as_large = 0;
  for (unsigned chosen = 0; chosen < 1U << pool.size(); ++chosen) {
    if (static_cast<std::size_t>(std::popcount(chosen)) != a.size()) continue;
    Samples ours, theirs;
    for (std::size_t i = 0; i < pool.size(); ++i)
      (chosen >> i & 1 ? ours : theirs).push_back(pool[i]);
    ++drawn;
    as_large += std::abs(mean(ours) - mean(theirs)) >= observed - 1e-9;
  }
  return static_cast<double>(as_large) / drawn;
}

}  // namespace

TEST_CASE("percentile: is the nearest rank, whatever the order of the samples") {
  const Samples samples{50, 15, 40, 20, 35};
  CHECK(percentile(samples, 5) == 15);
  CHECK(percentile(samples, 20) == 15);
  CHECK(percentile(samples, 30) == 20);
  CHECK(percentile(samples, 40) == 20);
  CHECK(percentile(samples, 50) == 35);
  CHECK(percentile(samples, 99) == 50);
  CHECK(percentile(samples, 100) == 50);
}

TEST_CASE("percentile: zero is the least sample") {
  CHECK(percentile({3, 1, 2}, 0) == 1);
}

TEST_CASE("percentile: of an even number of samples, the median is the lower middle one") {
  CHECK(percentile({4, 3, 2, 1}, 50) == 2);
}

TEST_CASE("percentile: one sample is all of them") {
  const auto percent = GENERATE(0., 1., 50., 90., 99., 100.);
  CHECK(percentile({7}, percent) == 7);
}

TEST_CASE("permutation test: one sample a side says nothing") {
  CHECK(permutation_p({1}, {1000}) == 1);
}

TEST_CASE("permutation test: equal sets do not differ") {
  CHECK(permutation_p({1, 2, 3}, {3, 2, 1}) == 1);
}

TEST_CASE("permutation test: ties count as differences at least as large") {
  // Any draw has the same means; rounding of sums taken in other orders must not hide that.
  CHECK(permutation_p({0.1, 0.1, 0.1}, {0.1, 0.1}) == 1);
  CHECK(permutation_p({0.1, 0.2, 0.3}, {0.3, 0.1, 0.2}) == 1);
  CHECK(permutation_p({5, 5, 5, 5}, {5, 5, 5, 5}) == 1);
}

TEST_CASE("permutation test: estimates the share of all draws that differ as much") {
  const auto [a, b] = GENERATE(table<Samples, Samples>({
      {{1, 2, 3}, {4, 5, 6}},
      {{1, 2, 3, 4}, {5, 6, 7, 8}},
      {{1, 2, 3, 4, 5}, {6, 7, 8, 9, 10}},
      {{1, 3, 5, 7, 9}, {2, 4, 6, 8, 10}},
      {{1, 1, 1, 2}, {1, 2, 2, 2}},
      {{10, 11, 12}, {9, 10, 11, 12, 13, 30}},
  }));
  // Three standard deviations of a share estimated by 9,999 draws.
  CHECK_THAT(permutation_p(a, b), WithinAbs(exact_p(a, b), 0.015));
}

TEST_CASE("permutation test: five rounds each are the fewest that reach 0.01") {
  CHECK(permutation_p({1, 2, 3, 4}, {101, 102, 103, 104}) > 0.01);
  CHECK(permutation_p({1, 2, 3, 4, 5}, {101, 102, 103, 104, 105}) < 0.01);
}

TEST_CASE("permutation test: is the same for both directions, and each time") {
  const Samples a{3, 1, 4, 1, 5}, b{9, 2, 6, 5, 3};
  CHECK(permutation_p(a, b) == permutation_p(a, b));
  CHECK_THAT(permutation_p(a, b), WithinAbs(permutation_p(b, a), 0.02));
}
