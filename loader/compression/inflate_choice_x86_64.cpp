#include "loader/compression/inflate.hpp"

namespace loader::codec {

InflateLoop inflate_loop() {
  return __builtin_cpu_supports("bmi2") ? bmi2_inflate_loop : portable_inflate_loop;
}

}  // namespace loader::codec
