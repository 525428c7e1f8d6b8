#include "bench/boot/measurement.hpp"

#include <fmt/format.h>
#include <sys/wait.h>
#include <time.h>

#include <algorithm>
#include <charconv>
#include <fstream>

#include "bench/boot/process_usage.hpp"

namespace bench {

namespace {

// The guest's init prints these; see bench/guest/init.c.
constexpr std::string_view init_line = "init: tsc=";
constexpr std::string_view print_line = "print: bytes=";
constexpr std::string_view prompt = "ready: # ";

constexpr Nanoseconds settling_ns = 1'000'000'000;

void sleep_for(Nanoseconds duration) {
  const timespec time{duration / 1'000'000'000, duration % 1'000'000'000};
  ::nanosleep(&time, nullptr);
}

std::string words_of(Pass pass, const Guest& guest, const Method& method) {
  std::string words = guest.words;
  switch (pass) {
    case Pass::Boot:
      words += " quiet";
      break;
    case Pass::Console:
      words += fmt::format(" bench_print={}", method.print_bytes);
      break;
    case Pass::Idle:
      words += " quiet bench_idle=1";
      break;
    case Pass::Block:
    case Pass::Net:
      words += fmt::format(" quiet bench_workload={} bench_seconds={}", name_of(pass),
                           method.workload_s);
      break;
  }
  return words.substr(words.find_first_not_of(' '));
}

std::filesystem::path timeline_file(const Method& method) {
  return method.scratch / "timeline";
}

/// The number behind `label` in the guest's output.
std::optional<double> number_after(std::string_view text, std::string_view label) {
  const auto at = text.find(label);
  if (at == std::string_view::npos) return std::nullopt;
  double number = 0;
  const auto* begin = text.data() + at + label.size();
  if (std::from_chars(begin, text.data() + text.size(), number).ec != std::errc{})
    return std::nullopt;
  return number;
}

void add_guest_figures(Record& sample, const std::string& console) {
  const auto tail =
      std::string_view{console}.substr(std::min(console.find(init_line), console.size()));
  if (const auto ticks = number_after(tail, init_line)) sample.set("guest_init_ticks", *ticks);
  if (const auto uptime = number_after(tail, " uptime="))
    sample.set("guest_uptime_ns", *uptime * 1e9);
  const auto print = tail.substr(std::min(tail.find(print_line), tail.size()));
  const auto bytes = number_after(print, print_line);
  const auto ticks = number_after(print, " tsc=");
  if (bytes && ticks) sample.set("print_ticks_per_byte", *ticks / *bytes);
}

/// Mayfly's own account: {"event":NAME,"ns":N} lines, and one of totals.
void add_timeline(Record& sample, const std::filesystem::path& file, Nanoseconds started) {
  std::ifstream in{file};
  for (std::string line; std::getline(in, line);) {
    const auto record = parse_record(line);
    if (!record) continue;
    const auto event = record->text("event");
    const auto time = record->number("ns");
    if (event && time) {
      const auto name = fmt::format("own_{}_ns", *event);
      if (!sample.number(name)) sample.set(name, *time - static_cast<double>(started));
    } else if (event == "totals") {
      for (const auto& [name, value] : record->values()) {
        if (const auto* number = std::get_if<double>(&value)) sample.set("own_" + name, *number);
      }
    }
  }
}

void watch_idle(Record& sample, const Launch& launch, const Guest& guest, const Method& method) {
  for (const auto& [name, value] : kvm_counters(launch.pid())) sample.set("kvm_" + name, value);
  // Kernel work that a boot leaves behind is not idleness.
  sleep_for(settling_ns);
  const auto exits_before = kvm_counters(launch.pid())["exits"];
  const auto before = cpu_use(launch.pid());
  sleep_for(method.idle_time);
  const auto after = cpu_use(launch.pid());
  const auto exits_after = kvm_counters(launch.pid())["exits"];
  const auto memory = memory_use(launch.pid(), std::uint64_t{guest.memory_mib} << 20);

  const auto seconds = static_cast<double>(method.idle_time) / 1e9;
  sample.set("idle_cpu_ns_per_s", static_cast<double>(after.time - before.time) / seconds);
  sample.set("idle_switches_per_s",
             static_cast<double>(after.switches - before.switches) / seconds);
  sample.set("memory_overhead_bytes", static_cast<double>(memory.overhead_bytes));
  sample.set("memory_overhead_anonymous_bytes", static_cast<double>(memory.anonymous_bytes));
  sample.set("memory_guest_bytes", static_cast<double>(memory.guest_bytes));
  if (exits_after > 0) sample.set("idle_exits_per_s", (exits_after - exits_before) / seconds);
}

std::string ending(int status) {
  return WIFSIGNALED(status) ? fmt::format("signal {}", WTERMSIG(status))
                             : fmt::format("status {}", WEXITSTATUS(status));
}

void set_span(Record& sample, const char* name, std::optional<Nanoseconds> moment,
              Nanoseconds started) {
  if (moment && *moment >= started) sample.set(name, static_cast<double>(*moment - started));
}

}  // namespace

std::string_view name_of(Pass pass) {
  switch (pass) {
    case Pass::Boot:
      return "boot";
    case Pass::Console:
      return "console";
    case Pass::Idle:
      return "idle";
    case Pass::Block:
      return "block";
    case Pass::Net:
      return "net";
  }
  return "";
}

std::optional<std::vector<std::string>> devices_for(const Contestant& contestant, Pass pass) {
  if (pass != Pass::Block && pass != Pass::Net) return std::vector<std::string>{};
  const auto& words = pass == Pass::Block ? contestant.disk : contestant.network;
  return words.empty() ? std::nullopt : std::optional{words};
}

std::vector<std::string> arguments_for(const Contestant& contestant, const Guest& guest,
                                       const Method& method, Pass pass) {
  const auto& kernel = contestant.kernel == KernelFile::BzImage ? guest.bzimage : guest.vmlinux;
  const auto devices = devices_for(contestant, pass).value_or(std::vector<std::string>{});
  Replacements replacements{{"kernel", kernel},
                            {"initrd", devices.empty() ? guest.initrd : guest.workloads},
                            {"disk", method.disk},
                            {"tap", method.tap},
                            {"memory_mib", std::to_string(guest.memory_mib)},
                            {"processors", std::to_string(guest.processors)},
                            {"timeline", timeline_file(method)},
                            {"scratch", method.scratch},
                            {"config", method.scratch / "config"}};
  replacements["cmdline"] =
      filled_in(contestant.cmdline, {{"words", words_of(pass, guest, method)}});
  if (!contestant.config.empty()) {
    std::ofstream{method.scratch / "config"} << filled_in(contestant.config, replacements);
  }
  std::vector<std::string> arguments;
  for (const auto* part : {&contestant.arguments, &devices}) {
    for (const auto& argument : *part) arguments.push_back(filled_in(argument, replacements));
  }
  return arguments;
}

Record failure(const Launch& launch, bool ended) {
  const auto& console = launch.console();
  constexpr std::size_t last_words = 300;
  Record sample;
  sample.set("outcome", std::string{ended ? "failed" : "hung"});
  sample.set("why",
             fmt::format("{}; standard error: {}; console: ...{}",
                         ended ? ending(launch.status()) : "time was up", launch.complaints(),
                         console.substr(console.size() - std::min(console.size(), last_words))));
  return sample;
}

void keep_console(const Method& method, const Contestant& contestant, Pass pass,
                  const Launch& launch) {
  if (method.consoles.empty()) return;
  std::ofstream{method.consoles / fmt::format("{}.{}", contestant.name, name_of(pass))}
      << launch.console();
}

Record measure(const Contestant& contestant, const Guest& guest, const Method& method, Pass pass,
               KvmTrace& trace) {
  const auto arguments = arguments_for(contestant, guest, method, pass);
  std::filesystem::remove(timeline_file(method));
  trace.clear();

  Launch launch{contestant.program, arguments,
                pass == Pass::Console ? Reading::AtLeisure : Reading::AtOnce};
  const auto started = launch.started();
  const auto deadline = started + method.time_limit;
  const auto line_seen = launch.wait_for_text(init_line, deadline);
  if (pass == Pass::Idle && launch.wait_for_text(prompt, deadline)) {
    Record idle;
    watch_idle(idle, launch, guest, method);
    launch.type("\n");
    launch.wait_for_exit(now_ns() + method.time_limit);
    idle.set("outcome", std::string{"ok"});
    return idle;
  }
  const auto exited = launch.wait_for_exit(deadline);
  keep_console(method, contestant, pass, launch);
  if (!exited || (!line_seen && launch.console().find(init_line) == std::string::npos)) {
    return failure(launch, exited.has_value());
  }

  Record sample;
  sample.set("outcome", std::string{"ok"});
  const auto moments = trace.moments();
  set_span(sample, "first_run_ns", moments.first_entry, started);
  set_span(sample, "init_mark_ns", moments.user_space_mark, started);
  if (pass == Pass::Boot) {
    set_span(sample, "first_byte_ns", launch.first_byte(), started);
    set_span(sample, "init_line_ns", line_seen, started);
  }
  set_span(sample, "exit_ns", exited, started);
  add_guest_figures(sample, launch.console());
  sample.set("console_bytes", static_cast<double>(launch.console().size()));
  sample.set("kernel_log_bytes", static_cast<double>(launch.console().find(init_line)));
  add_timeline(sample, timeline_file(method), started);
  return sample;
}

}  // namespace bench
