#include "loader/compression/inflate.hpp"

namespace loader::codec {

InflateLoop inflate_loop() {
  return portable_inflate_loop;
}

}  // namespace loader::codec
