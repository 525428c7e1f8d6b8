// What runtime/allocation.cpp says when there is no more. Not built with a sanitizer: that provides
// operator new itself and ends the program instead.

#include <catch2/catch_test_macros.hpp>
#include <cstddef>
#include <new>

TEST_CASE("allocation: more than there is is bad_alloc", "[runtime]") {
  CHECK_THROWS_AS(::operator new (~std::size_t{0} / 2), std::bad_alloc);
  CHECK_NOTHROW(::operator delete(nullptr));
}
