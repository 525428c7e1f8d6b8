#include "bench/boot/host.hpp"

#include <sys/utsname.h>
#include <unistd.h>

#include <ctime>
#include <fstream>
#include <string>

namespace bench {

namespace {

std::string first_line(const char* file) {
  std::ifstream in{file};
  std::string line;
  std::getline(in, line);
  return line;
}

std::string processor_model() {
  std::ifstream in{"/proc/cpuinfo"};
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  }
  return "";
}

}  // namespace

Record describe_host() {
  Record host;
  utsname names{};
  ::uname(&names);
  host.set("host_kernel", std::string{names.release});
  host.set("host_cmdline", first_line("/proc/cmdline"));
  host.set("host_processor", processor_model());
  host.set("host_processors", static_cast<double>(::sysconf(_SC_NPROCESSORS_ONLN)));
  host.set("transparent_hugepages", first_line("/sys/kernel/mm/transparent_hugepage/enabled"));
  host.set("nx_huge_pages", first_line("/sys/module/kvm/parameters/nx_huge_pages"));
  host.set("clocksource",
           first_line("/sys/devices/system/clocksource/clocksource0/current_clocksource"));
  host.set("governor", first_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"));
  host.set("cgroup", first_line("/proc/self/cgroup"));
  host.set("unix_time", static_cast<double>(::time(nullptr)));
  return host;
}

}  // namespace bench
