#include "tests/loader/iasl.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/loader/guest_ram.hpp"

using Catch::Matchers::ContainsSubstring;

namespace {

class Directory {
 public:
  Directory() {
    std::string name = "/tmp/mayfly-iasl-XXXXXX";
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  ~Directory() { std::filesystem::remove_all(path_); }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

std::string text_of(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream{file}.rdbuf();
  return text.str();
}

/// Runs iasl in a directory and returns what it said.
std::string iasl(const Directory& directory, const std::string& arguments) {
  const std::string command =
      "cd " + directory.path().string() + " && iasl " + arguments + " > said 2>&1";
  const int status = std::system(command.c_str());
  const std::string said = text_of(directory.path() / "said");
  INFO(said);
  CHECK(status == 0);  // 127: acpica-tools is missing; tests/setup installs it
  return said;
}

}  // namespace

std::string disassembled(const Bytes& table) {
  const Directory directory;
  std::ofstream{directory.path() / "table.aml", std::ios::binary}.write(
      reinterpret_cast<const char*>(table.data()), static_cast<std::streamsize>(table.size()));
  const std::string said = iasl(directory, "-d table.aml");
  CHECK_THAT(said, !ContainsSubstring("rror") && !ContainsSubstring("arning"));
  const std::string source = text_of(directory.path() / "table.dsl");
  CHECK_THAT(source, !ContainsSubstring("rror") && !ContainsSubstring("nvalid") &&
                         !ContainsSubstring("ncorrect checksum"));
  const std::string compiled = iasl(directory, "-vw 6033 -p again table.dsl");
  CHECK_THAT(compiled, ContainsSubstring("0 Errors, 0 Warnings, 0 Remarks") ||
                           ContainsSubstring("Table Input"));
  CHECK_THAT(compiled, !ContainsSubstring("Error  ") && !ContainsSubstring("Warning  "));
  std::ifstream again{directory.path() / "again.aml", std::ios::binary};
  std::ostringstream bytes;
  bytes << again.rdbuf();
  // Compiling again must give the same table, but for the compiler's name and the checksum.
  std::string expected(reinterpret_cast<const char*>(table.data()), table.size());
  std::string actual = bytes.str();
  REQUIRE(actual.size() == expected.size());
  for (std::string* text : {&expected, &actual}) {
    (*text)[9] = 0;
    text->replace(28, 8, 8, '\0');
  }
  CHECK(actual == expected);
  return source;
}
