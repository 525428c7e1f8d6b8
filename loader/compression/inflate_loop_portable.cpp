#include "loader/compression/inflate_loop.hpp"

namespace loader::codec {
namespace {

struct Any {
  [[gnu::always_inline]] static std::uint64_t low_bits(std::uint64_t bits, unsigned width) {
    return bits & ((std::uint64_t{1} << width) - 1);
  }
};

}  // namespace

InflateResult portable_inflate_loop(InflateState& state, const LiteralTable& literals,
                                    const DistanceTable& distances) {
  return run_loop<Any>(state, literals, distances);
}

}  // namespace loader::codec
