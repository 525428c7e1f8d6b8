// An assertion that holds in every build: what a fuzz target looks for besides sanitizer reports.
#pragma once

#include <cstdlib>

inline void require(bool holds) {
  if (!holds) std::abort();
}
