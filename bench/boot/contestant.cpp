#include "bench/boot/contestant.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace bench {

namespace {

using Fields = std::map<std::string, std::string>;

Fields read_fields(const std::filesystem::path& file) {
  std::ifstream in{file};
  if (!in) throw std::runtime_error{fmt::format("cannot read {}", file.string())};
  Fields fields;
  std::string* last = nullptr;
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line.front() == '#') continue;
    if (line.front() == ' ' && last) {
      *last += '\n' + line;
      continue;
    }
    const auto colon = line.find(':');
    if (colon == std::string::npos) {
      throw std::runtime_error{
          fmt::format("{}: expected 'field: text', found '{}'", file.string(), line)};
    }
    const auto text = line.find_first_not_of(' ', colon + 1);
    last = &fields[line.substr(0, colon)];
    *last = text == std::string::npos ? "" : line.substr(text);
  }
  return fields;
}

std::vector<std::string> split(const std::string& text) {
  std::istringstream in{text};
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

}  // namespace

std::string filled_in(std::string text, const Replacements& replacements) {
  for (const auto& [name, replacement] : replacements) {
    const auto placeholder = '{' + name + '}';
    for (std::size_t at = 0; (at = text.find(placeholder, at)) != std::string::npos;
         at += replacement.size()) {
      text.replace(at, placeholder.size(), replacement);
    }
  }
  return text;
}

Contestant read_description(const std::filesystem::path& file) {
  auto fields = read_fields(file);
  for (const auto* needed : {"name", "program", "kernel", "cmdline", "command"}) {
    if (!fields.contains(needed))
      throw std::runtime_error{fmt::format("{} has no '{}:'", file.string(), needed)};
  }
  const auto& kernel = fields["kernel"];
  if (kernel != "bzImage" && kernel != "vmlinux") {
    throw std::runtime_error{
        fmt::format("{}: kernel is bzImage or vmlinux, not '{}'", file.string(), kernel)};
  }
  return {.name = fields["name"],
          .program = fields["program"],
          .kernel = kernel == "bzImage" ? KernelFile::BzImage : KernelFile::Vmlinux,
          .cmdline = fields["cmdline"],
          .arguments = split(fields["command"]),
          .config = fields["config"]};
}

std::filesystem::path find_program(const std::filesystem::path& name) {
  if (name.has_parent_path())
    return ::access(name.c_str(), X_OK) == 0 ? name : std::filesystem::path{};
  const char* path = std::getenv("PATH");
  std::istringstream folders{path ? path : ""};
  for (std::string folder; std::getline(folders, folder, ':');) {
    const auto candidate = std::filesystem::path{folder} / name;
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return {};
}

}  // namespace bench
