#include "bench/boot/contestant.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace bench {

namespace {

using Fields = std::map<std::string, std::string>;

constexpr std::array needed_fields{"name", "program", "kernel", "cmdline", "command"};
constexpr std::array optional_fields{"disk", "network", "config", "files"};

/// What is wrong with a description, on one line.
template <typename... Args>
std::runtime_error complaint(std::string_view description, fmt::format_string<Args...> what,
                             Args&&... args) {
  return std::runtime_error{
      fmt::format("{}: {}", description, fmt::format(what, std::forward<Args>(args)...))};
}

bool known(const std::string& field) {
  return std::ranges::count(needed_fields, field) + std::ranges::count(optional_fields, field) > 0;
}

Fields parse_fields(std::istream& in, std::string_view description) {
  Fields fields;
  std::string* last = nullptr;
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line.front() == '#') continue;
    if (line.front() == ' ' && last) {
      *last += line;
      continue;
    }
    const auto colon = line.find(':');
    if (colon == std::string::npos)
      throw complaint(description, "expected 'field: text', found '{}'", line);
    const auto field = line.substr(0, colon);
    if (!known(field)) throw complaint(description, "there is no field '{}'", field);
    const auto [at, is_new] = fields.emplace(field, "");
    if (!is_new) throw complaint(description, "'{}:' comes twice", field);
    last = &at->second;
    *last = line.substr(std::min(line.find_first_not_of(' ', colon + 1), line.size()));
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

Contestant parse_description(std::istream& text, std::string_view name) {
  auto fields = parse_fields(text, name);
  for (const auto* needed : needed_fields) {
    if (!fields.contains(needed)) throw complaint(name, "there is no '{}:'", needed);
  }
  const auto& kernel = fields["kernel"];
  if (kernel != "bzImage" && kernel != "vmlinux")
    throw complaint(name, "kernel is bzImage or vmlinux, not '{}'", kernel);
  return {.name = fields["name"],
          .program = fields["program"],
          .kernel = kernel == "bzImage" ? KernelFile::BzImage : KernelFile::Vmlinux,
          .cmdline = fields["cmdline"],
          .arguments = split(fields["command"]),
          .disk = split(fields["disk"]),
          .network = split(fields["network"]),
          .config = fields["config"]};
}

Contestant read_description(const std::filesystem::path& file) {
  std::ifstream in{file};
  if (!in) throw complaint(file.string(), "cannot be read");
  return parse_description(in, file.string());
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
