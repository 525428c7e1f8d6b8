#include "bench/boot/kvm_trace.hpp"

#include <sys/mount.h>
#include <unistd.h>

#include <charconv>
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

std::optional<Nanoseconds> first_stamp(const std::filesystem::path& instance) {
  std::ifstream in{instance / "trace"};
  for (std::string line; std::getline(in, line);) {
    if (const auto stamp = stamp_of(line)) return stamp;
  }
  return std::nullopt;
}

/// All of `text` as a decimal number.
std::optional<Nanoseconds> decimal(std::string_view text) {
  Nanoseconds number = 0;
  const auto* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, number);
  if (result.ec != std::errc{} || result.ptr != end || number < 0) return std::nullopt;
  return number;
}

}  // namespace

std::optional<Nanoseconds> stamp_of(std::string_view line) {
  if (line.starts_with('#')) return std::nullopt;
  // The processor's number ends the name; the first ": " behind it ends the stamp.
  const auto processor = line.find("] ");
  const auto end = processor == line.npos ? line.npos : line.find(": ", processor);
  if (end == line.npos) return std::nullopt;
  const auto begin = line.rfind(' ', end) + 1;
  const auto point = line.find('.', begin);
  constexpr auto microsecond_digits = 6;
  if (point >= end || end - point - 1 != microsecond_digits) return std::nullopt;
  const auto seconds = decimal(line.substr(begin, point - begin));
  const auto microseconds = decimal(line.substr(point + 1, microsecond_digits));
  if (!seconds || !microseconds) return std::nullopt;
  return (*seconds * 1'000'000 + *microseconds) * 1000;
}

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
