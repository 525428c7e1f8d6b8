// dtc, the compiler that Linux's own device trees are made with.
#pragma once

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include <catch2/catch_test_macros.hpp>

#include "loader/bytes.hpp"
#include "tests/runtime/temporary_directory.hpp"

/// What dtc makes of `input`. All its usual checks are on, and none may have anything to say.
inline std::string dtc(const std::string& formats, const std::string& input) {
  const TemporaryDirectory directory;
  std::ofstream{directory.file("in"), std::ios::binary} << input;
  const std::string command = "dtc " + formats + " -o " + directory.file("out") + " " +
                              directory.file("in") + " 2>" + directory.file("said");
  const auto text_of = [&](const char* name) {
    std::ostringstream text;
    text << std::ifstream{directory.file(name), std::ios::binary}.rdbuf();
    return text.str();
  };
  const int status = std::system(command.c_str());
  CHECK(status == 0);  // 127: device-tree-compiler is missing; tests/setup installs it
  CHECK(text_of("said") == "");
  return text_of("out");
}

inline std::string decompiled(const loader::Bytes& tree) {
  return dtc("-I dtb -O dts", {reinterpret_cast<const char*>(tree.data()), tree.size()});
}

/// `options`: -q for a source that has its faults on purpose.
inline loader::Bytes compiled(const std::string& source, const std::string& options = "") {
  const std::string tree = dtc("-I dts -O dtb " + options, source);
  const auto* const first = reinterpret_cast<const std::byte*>(tree.data());
  return {first, first + tree.size()};
}
