// One boot, measured: what to boot, and what came of it.
#pragma once

#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bench/boot/contestant.hpp"
#include "bench/boot/kvm_trace.hpp"
#include "bench/boot/launch.hpp"
#include "bench/boot/record.hpp"

namespace bench {

/// Boot: a quiet boot to init and to the end. Console: the same with the whole kernel log and then
/// some text from user space. Idle: the guest waits at a prompt while we look at its monitor.
/// Block, Net: it works on a disk, or on a network (workload.hpp).
enum class Pass { Boot, Console, Idle, Block, Net };

inline constexpr std::array passes{Pass::Boot, Pass::Console, Pass::Idle, Pass::Block, Pass::Net};

[[nodiscard]] std::string_view name_of(Pass pass);

struct Guest {
  std::filesystem::path bzimage;
  std::filesystem::path vmlinux;
  std::filesystem::path initrd;
  std::filesystem::path workloads;  // the initrd that works on devices
  std::string words;                // on every command line
  unsigned memory_mib = 512;
  unsigned processors = 1;
};

struct Method {
  std::filesystem::path scratch;   // a folder for files that contestants read or write
  std::filesystem::path consoles;  // a folder for what the guests print; empty to forget it
  Nanoseconds time_limit = 0;
  Nanoseconds idle_time = 0;
  unsigned print_bytes = 0;
  unsigned workload_s = 0;     // how long the guest works on each case
  std::filesystem::path disk;  // an image to work on
  std::string tap;             // a network, at whose other end is a server of iperf3
};

/// What the description says of a pass's devices; nothing if the contestant cannot take part.
[[nodiscard]] std::optional<std::vector<std::string>> devices_for(const Contestant& contestant,
                                                                  Pass pass);

/// The record has "outcome": ok, hung (the time was up) or failed (ended without its init's line);
/// then "why".
[[nodiscard]] Record measure(const Contestant& contestant, const Guest& guest, const Method& method,
                             Pass pass, KvmTrace& trace);

/// The sample of a boot that hung, or failed: its outcome, and why.
[[nodiscard]] Record failure(const Launch& launch, bool ended);

/// Writes what the guest printed to the folder for that, if one is wanted.
void keep_console(const Method& method, const Contestant& contestant, Pass pass,
                  const Launch& launch);

/// The command line, with its program, as a shell would take it; for the record.
[[nodiscard]] std::vector<std::string> arguments_for(const Contestant& contestant,
                                                     const Guest& guest, const Method& method,
                                                     Pass pass);

}  // namespace bench
