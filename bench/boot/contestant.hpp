// A monitor under comparison, and how to start it. Each is described by a small file in
// bench/peers:
//
//   name: qemu-q35                     what tables call it
//   program: qemu-system-x86_64        looked for in PATH; if it is not there, the contestant stays
//                                      away
//   kernel: bzImage                    which of the guest's two kernel files it is given
//   cmdline: console=ttyS0 {words}     {words} are those of the measurement
//   command: -M q35 -kernel {kernel} -append {cmdline} ...
//   disk: --disk file={disk}           optional: arguments for a guest that works on a disk
//   network: --net tap={tap}           optional: the same for a network
//   config: { "boot-source": ... }     optional: text of a file that {config} names
//   files: /usr/share/...              optional: what else the program reads (bench/run takes it
//                                      to the lab)
//
// Without `disk` or `network` a contestant stays out of that pass.
//
// A line that begins with a space continues the one before; '#' begins a comment line. An argument
// ends at a space; placeholders are filled in afterwards, so that one which holds spaces stays one
// argument.
#pragma once

#include <filesystem>
#include <istream>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

enum class KernelFile { BzImage, Vmlinux };

struct Contestant {
  std::string name;
  std::filesystem::path program;
  KernelFile kernel = KernelFile::BzImage;
  std::string cmdline;
  std::vector<std::string> arguments;
  std::vector<std::string> disk;     // further ones, empty if it stays out of that pass
  std::vector<std::string> network;  // the same
  std::string config;
};

using Replacements = std::map<std::string, std::string>;

/// Puts its replacement in the place of each {name}; braces around anything else stay.
[[nodiscard]] std::string filled_in(std::string text, const Replacements& replacements);

/// Throws std::runtime_error, one line that begins with `name`, about a description that makes no
/// sense.
[[nodiscard]] Contestant parse_description(std::istream& text, std::string_view name);
/// The same of a file, which it names.
[[nodiscard]] Contestant read_description(const std::filesystem::path& file);

/// Where PATH has the program; empty if nowhere.
[[nodiscard]] std::filesystem::path find_program(const std::filesystem::path& name);

}  // namespace bench
