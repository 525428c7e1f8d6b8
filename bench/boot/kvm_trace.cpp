#include "bench/boot/kvm_trace.hpp"

#include <sys/mount.h>
#include <unistd.h>

#include <charconv>
#include <cmath>
#include <fstream>
#include <string>

namespace bench {

namespace {

constexpr auto entries = "mayfly_bench_entries";
constexpr auto marks = "mayfly_bench_marks";

bool write_to(const std::filesystem::path& file, std::string_view text) {
  std::ofstream out{file};
  out << text << std::flush;
  return out.good();
}

bool set_up(const std::filesystem::path& instance, std::string_view event,
            std::string_view filter) {
  std::error_code ignored;
  std::filesystem::create_directory(instance, ignored);
  const auto event_folder = instance / "events/kvm" / event;
  return write_to(instance / "trace_clock", "mono") &&
         write_to(instance / "options/overwrite", "0") &&
         write_to(instance / "buffer_size_kb", "1") &&
         (filter.empty() || write_to(event_folder / "filter", filter)) &&
         write_to(event_folder / "enable", "1") && write_to(instance / "tracing_on", "1");
}

/// "  name-12  [000] d.h1.  34.567890: event: ..." begins, for our purpose, at the stamp before the
/// first ": ".
std::optional<Nanoseconds> first_stamp(const std::filesystem::path& instance) {
  std::ifstream in{instance / "trace"};
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line.front() == '#') continue;
    const auto end = line.find(": ");
    const auto begin = end == std::string::npos ? end : line.rfind(' ', end);
    double seconds = 0;
    if (begin == std::string::npos) continue;
    if (std::from_chars(line.data() + begin + 1, line.data() + end, seconds).ec == std::errc{}) {
      return static_cast<Nanoseconds>(std::llround(seconds * 1e6)) * 1000;
    }
  }
  return std::nullopt;
}

}  // namespace

KvmTrace::KvmTrace() {
  const std::filesystem::path tracefs = "/sys/kernel/tracing";
  if (!std::filesystem::exists(tracefs / "instances"))
    ::mount("tracefs", tracefs.c_str(), "tracefs", 0, nullptr);
  instances_ = tracefs / "instances";
  if (!set_up(instances_ / entries, "kvm_entry", "") ||
      !set_up(instances_ / marks, "kvm_pio", "port == 0x80 && rw == 1 && val == 0x41")) {
    instances_.clear();
  }
}

KvmTrace::~KvmTrace() {
  if (!available()) return;
  // An instance is removed by removing its folder, which is not empty.
  for (const auto* name : {entries, marks}) ::rmdir((instances_ / name).c_str());
}

void KvmTrace::clear() {
  if (!available()) return;
  for (const auto* name : {entries, marks}) write_to(instances_ / name / "trace", "");
}

KvmTrace::Moments KvmTrace::moments() const {
  if (!available()) return {};
  return {.first_entry = first_stamp(instances_ / entries),
          .user_space_mark = first_stamp(instances_ / marks)};
}

}  // namespace bench
