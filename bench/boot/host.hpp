// What about the host a reader of figures has to know.
#pragma once

#include "bench/boot/record.hpp"

namespace bench {

[[nodiscard]] Record describe_host();

}  // namespace bench
