#include "bench/boot/process_usage.hpp"

#include <fmt/format.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <utility>
#include <vector>

namespace bench {

namespace {

namespace fs = std::filesystem;

struct MappingUse {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::uint64_t private_bytes = 0;
  std::uint64_t anonymous_bytes = 0;
};

/// "55d0c0a00000-55d0c0b00000 rw-p ..." begins a mapping in smaps; "Name:   12 kB" tells of it.
std::optional<MappingUse> mapping_of(const std::string& line) {
  MappingUse mapping;
  const char* const end = line.data() + line.size();
  const auto first = std::from_chars(line.data(), end, mapping.begin, 16);
  if (first.ec != std::errc{} || first.ptr == end || *first.ptr != '-') return std::nullopt;
  const auto second = std::from_chars(first.ptr + 1, end, mapping.end, 16);
  if (second.ec != std::errc{} || second.ptr == end || *second.ptr != ' ') return std::nullopt;
  return mapping;
}

std::vector<MappingUse> mappings_of(std::istream& smaps) {
  std::vector<MappingUse> mappings;
  for (std::string line; std::getline(smaps, line);) {
    if (const auto mapping = mapping_of(line)) {
      mappings.push_back(*mapping);
      continue;
    }
    std::istringstream words{line};
    std::string name;
    std::uint64_t size_kib = 0;
    if (mappings.empty() || !(words >> name >> size_kib)) continue;
    if (name == "Private_Clean:" || name == "Private_Dirty:")
      mappings.back().private_bytes += size_kib * 1024;
    if (name == "Anonymous:") mappings.back().anonymous_bytes = size_kib * 1024;
  }
  return mappings;
}

/// First and one past the last of the mappings that are the guest's RAM.
std::pair<std::size_t, std::size_t> guest_ram(const std::vector<MappingUse>& mappings,
                                              std::uint64_t size_bytes) {
  for (std::size_t first = 0; first < mappings.size(); ++first) {
    for (auto last = first; last < mappings.size(); ++last) {
      if (last > first && mappings[last].begin != mappings[last - 1].end) break;
      const auto size = mappings[last].end - mappings[first].begin;
      if (size == size_bytes) return {first, last + 1};
      if (size > size_bytes) break;
    }
  }
  std::size_t largest = 0;
  for (std::size_t i = 0; i < mappings.size(); ++i) {
    if (mappings[i].end - mappings[i].begin > mappings[largest].end - mappings[largest].begin)
      largest = i;
  }
  return {largest, largest + 1};
}

// What an exit was for (KVM has no better names), and what of it KVM had to emulate or map.
constexpr auto counter_names = {"exits",     "io_exits",   "mmio_exits",     "halt_exits",
                                "irq_exits", "hypercalls", "insn_emulation", "pf_taken"};

}  // namespace

CpuUse cpu_use(pid_t pid) {
  CpuUse use;
  std::error_code error;
  for (const auto& thread : fs::directory_iterator{fmt::format("/proc/{}/task", pid), error}) {
    Nanoseconds ran = 0, waited = 0;
    std::uint64_t turns = 0;
    std::ifstream{thread.path() / "schedstat"} >> ran >> waited >> turns;
    use.time += ran;
    use.switches += turns;
  }
  return use;
}

CpuTimes cpu_times(std::istream& stat) {
  // The second field is a name in parentheses, which may hold anything.
  const std::string text{std::istreambuf_iterator<char>{stat}, {}};
  std::istringstream rest{text.substr(std::min(text.rfind(')'), text.size()))};
  constexpr int name_field = 2, user_field = 14, system_field = 15, guest_field = 43;
  const Nanoseconds tick = 1'000'000'000 / ::sysconf(_SC_CLK_TCK);
  CpuTimes times;
  std::string word;
  for (int field = name_field; rest >> word; ++field) {
    Nanoseconds* const time = field == user_field     ? &times.user
                              : field == system_field ? &times.system
                              : field == guest_field  ? &times.guest
                                                      : nullptr;
    if (time) *time = std::strtoll(word.c_str(), nullptr, 10) * tick;
  }
  times.user -= times.guest;  // which the kernel counts as a part of it
  return times;
}

CpuTimes cpu_times(pid_t pid) {
  std::ifstream stat{fmt::format("/proc/{}/stat", pid)};
  return cpu_times(stat);
}

MemoryUse memory_use(std::istream& smaps, std::uint64_t guest_memory_bytes) {
  const auto mappings = mappings_of(smaps);
  MemoryUse use;
  if (mappings.empty()) return use;
  const auto [first, end] = guest_ram(mappings, guest_memory_bytes);
  for (std::size_t i = 0; i < mappings.size(); ++i) {
    if (i >= first && i < end) {
      use.guest_bytes += mappings[i].private_bytes;
    } else {
      use.overhead_bytes += mappings[i].private_bytes;
      use.anonymous_bytes += mappings[i].anonymous_bytes;
    }
  }
  return use;
}

MemoryUse memory_use(pid_t pid, std::uint64_t guest_memory_bytes) {
  std::ifstream smaps{fmt::format("/proc/{}/smaps", pid)};
  return memory_use(smaps, guest_memory_bytes);
}

std::map<std::string, double> kvm_counters(pid_t pid) {
  const fs::path debugfs = "/sys/kernel/debug";
  std::error_code error;
  if (!fs::exists(debugfs / "kvm", error))
    ::mount("debugfs", debugfs.c_str(), "debugfs", 0, nullptr);
  std::map<std::string, double> counters;
  for (const auto& machine : fs::directory_iterator{debugfs / "kvm", error}) {
    if (!machine.path().filename().string().starts_with(fmt::format("{}-", pid))) continue;
    for (const auto* name : counter_names) {
      double value = 0;
      if (std::ifstream{machine.path() / name} >> value) counters[name] = value;
    }
  }
  return counters;
}

}  // namespace bench
