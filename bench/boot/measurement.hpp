// One boot, measured: what to boot, and what came of it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "bench/boot/contestant.hpp"
#include "bench/boot/kvm_trace.hpp"
#include "bench/boot/record.hpp"

namespace bench {

/// Boot: a quiet boot to init and to the end. Console: the same with the whole kernel log and then
/// some text from user space. Idle: the guest waits at a prompt while we look at its monitor.
enum class Pass { Boot, Console, Idle };

[[nodiscard]] std::string_view name_of(Pass pass);

struct Guest {
  std::filesystem::path bzimage;
  std::filesystem::path vmlinux;
  std::filesystem::path initrd;
  std::string words;  // on every command line
  unsigned memory_mib = 512;
  unsigned processors = 1;
};

struct Method {
  std::filesystem::path scratch;   // a folder for files that contestants read or write
  std::filesystem::path consoles;  // a folder for what the guests print; empty to forget it
  Nanoseconds time_limit = 0;
  Nanoseconds idle_time = 0;
  unsigned print_bytes = 0;
};

/// The record has "outcome": ok, hung (the time was up) or failed (ended without its init's line);
/// then "why".
[[nodiscard]] Record measure(const Contestant& contestant, const Guest& guest, const Method& method,
                             Pass pass, KvmTrace& trace);

/// The command line, with its program, as a shell would take it; for the record.
[[nodiscard]] std::vector<std::string> arguments_for(const Contestant& contestant,
                                                     const Guest& guest, const Method& method,
                                                     Pass pass);

}  // namespace bench
