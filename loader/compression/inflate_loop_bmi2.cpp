// BMI2 shifts by any register and without flags, and has low_bits(). Compiled with -mbmi2, so
// nothing in here may be called before the processor is known to have it.
#include <immintrin.h>

#include "loader/compression/inflate_loop.hpp"

namespace loader::codec {
namespace {

struct Bmi2 {
  [[gnu::always_inline]] static std::uint64_t low_bits(std::uint64_t bits, unsigned width) {
    return _bzhi_u64(bits, width);
  }
};

}  // namespace

InflateResult bmi2_inflate_loop(InflateState& state, const LiteralTable& literals,
                                const DistanceTable& distances) {
  return run_loop<Bmi2>(state, literals, distances);
}

}  // namespace loader::codec
