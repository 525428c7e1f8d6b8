#include "vmm/timeline.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <vector>

namespace vmm {
namespace {

struct EventText {
  std::string_view name;
  std::string_view meaning;
};

constexpr std::array<EventText, boot_event_count> event_texts{{
    {"process_start", "the program runs"},
    {"options_read", "command line understood, files open"},
    {"vm_created", "the host has made the VM"},
    {"memory_ready", "guest RAM reserved and mapped"},
    {"kernel_placed", "kernel, initrd and tables in RAM"},
    {"vcpus_created", "processors made and set up"},
    {"first_run", "the guest's first instruction"},
    {"first_console_byte", "the guest's first byte on a console"},
    {"mark_0x40", "port 0x80: kernel entered"},
    {"mark_0x41", "port 0x80: user space entered"},
    {"boot_timer", "the guest says it is ready"},
    {"guest_end", "the guest powered off, reset or crashed"},
    {"exit", "console drained, program ends"},
}};

constexpr std::array<std::string_view, std::variant_size_v<platform::VmExit>> exit_names{
    "port_read", "port_write",   "mmio_read",    "mmio_write",
    "kicked",    "triple_fault", "system_event", "unrunnable"};

std::int64_t nanoseconds(Instant when) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(when.time_since_epoch()).count();
}

double milliseconds(std::int64_t ns) {
  return static_cast<double>(ns) / 1e6;
}

}  // namespace

std::string_view name(BootEvent event) {
  return event_texts[static_cast<std::size_t>(event)].name;
}

void Timeline::mark(BootEvent event, Instant when) {
  std::int64_t expected = never;
  ns_[static_cast<std::size_t>(event)].compare_exchange_strong(expected, nanoseconds(when));
}

void Timeline::mark(devices::BootMark mark, Instant when) {
  switch (mark) {
    case devices::BootMark::KernelEntered:
      return this->mark(BootEvent::KernelEntered, when);
    case devices::BootMark::UserSpace:
      return this->mark(BootEvent::UserSpace, when);
    case devices::BootMark::GuestReady:
      return this->mark(BootEvent::GuestReady, when);
  }
}

std::optional<Instant> Timeline::when(BootEvent event) const {
  const std::int64_t ns = ns_[static_cast<std::size_t>(event)];
  if (ns == never) return std::nullopt;
  return Instant{std::chrono::nanoseconds{ns}};
}

void Timeline::add(const ExitCounts& exits) {
  for (std::size_t i = 0; i < exits.size(); ++i) exits_[i] += exits[i];
}

std::string Timeline::json_lines() const {
  std::string text;
  for (std::size_t i = 0; i < boot_event_count; ++i) {
    if (ns_[i] == never) continue;
    fmt::format_to(std::back_inserter(text), "{{\"event\":\"{}\",\"ns\":{}}}\n",
                   event_texts[i].name, ns_[i].load());
  }
  fmt::format_to(std::back_inserter(text),
                 "{{\"event\":\"totals\",\"console_bytes\":{},\"exits\":{{", console_bytes_);
  for (std::size_t i = 0; i < exits_.size(); ++i) {
    fmt::format_to(std::back_inserter(text), "{}\"{}\":{}", i == 0 ? "" : ",", exit_names[i],
                   exits_[i]);
  }
  return text + "}}\n";
}

std::string Timeline::table() const {
  std::vector<std::size_t> seen;
  for (std::size_t i = 0; i < boot_event_count; ++i) {
    if (ns_[i] != never) seen.push_back(i);
  }
  std::ranges::stable_sort(seen, {}, [this](std::size_t i) { return ns_[i].load(); });
  std::string text = fmt::format("{:>12}  {:>12}  {}\n", "at (ms)", "after (ms)", "boot event");
  if (seen.empty()) return text;
  const std::int64_t start = ns_[seen.front()];
  std::int64_t before = start;
  for (const std::size_t i : seen) {
    const std::int64_t ns = ns_[i];
    fmt::format_to(std::back_inserter(text), "{:12.3f}  {:12.3f}  {}\n", milliseconds(ns - start),
                   milliseconds(ns - before), event_texts[i].meaning);
    before = ns;
  }
  fmt::format_to(std::back_inserter(text), "\n{:>12}  {}\n", "times",
                 "exits to this program, by kind");
  for (std::size_t i = 0; i < exits_.size(); ++i) {
    if (exits_[i] != 0)
      fmt::format_to(std::back_inserter(text), "{:12}  {}\n", exits_[i], exit_names[i]);
  }
  fmt::format_to(std::back_inserter(text), "{:12}  bytes of console output\n", console_bytes_);
  return text;
}

}  // namespace vmm
