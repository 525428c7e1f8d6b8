// What a monitor costs, as /proc and KVM's debugfs tell.
#pragma once

#include <cstdint>
#include <istream>
#include <map>
#include <string>

#include <sys/types.h>

#include "bench/boot/clock.hpp"

namespace bench {

struct CpuUse {
  Nanoseconds time = 0;        // run time of all threads
  std::uint64_t switches = 0;  // how often one of them went to sleep or was put off the processor
};

/// Where a process's time went, in steps of 10 ms. Which part was whose is a matter of samples (one
/// at each tick of the host), so it takes some seconds to be right within a few percent.
struct CpuTimes {
  Nanoseconds user = 0;    // the monitor's own program
  Nanoseconds system = 0;  // the host's kernel on its behalf, KVM included
  Nanoseconds guest = 0;
};

struct MemoryUse {
  std::uint64_t overhead_bytes = 0;   // private and resident, beyond the guest's RAM
  std::uint64_t guest_bytes = 0;      // private and resident in the guest's RAM
  std::uint64_t anonymous_bytes = 0;  // the part of the overhead that no file backs
};

[[nodiscard]] CpuUse cpu_use(pid_t pid);

/// `stat` is the text of /proc/PID/stat (proc(5)); of what is no such text, all times are 0.
[[nodiscard]] CpuTimes cpu_times(std::istream& stat);
[[nodiscard]] CpuTimes cpu_times(pid_t pid);

/// The guest's RAM is the run of neighbouring mappings whose sizes add up to `guest_memory_bytes`.
/// A monitor may have laid file mappings over parts of it; mappings of other use have other sizes.
/// If no run fits, the kernel has merged the RAM with a neighbour: then it is the largest mapping.
/// `smaps` is the text of /proc/PID/smaps (proc(5)).
[[nodiscard]] MemoryUse memory_use(std::istream& smaps, std::uint64_t guest_memory_bytes);
[[nodiscard]] MemoryUse memory_use(pid_t pid, std::uint64_t guest_memory_bytes);

/// KVM's own counters for this process's virtual machine; empty without debugfs.
[[nodiscard]] std::map<std::string, double> kvm_counters(pid_t pid);

}  // namespace bench
