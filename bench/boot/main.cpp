// boot_bench: boots one guest with every monitor there is, in turn, and compares them.
// bench/README.md says what the figures mean; bench/run does all the set-up.

#include <fmt/format.h>
#include <sched.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <ranges>
#include <string>
#include <vector>

#include "bench/boot/contestant.hpp"
#include "bench/boot/host.hpp"
#include "bench/boot/measurement.hpp"
#include "bench/boot/report.hpp"
#include "bench/boot/workload.hpp"

namespace bench {

namespace {

struct Options {
  Guest guest;
  Method method;
  std::filesystem::path peers;
  std::vector<std::string> programs;
  std::vector<std::string> only;
  std::vector<std::string> passes{"boot"};
  std::string reference = "mayfly";
  std::string samples;
  std::vector<std::string> compare;
  std::string report_on;
  double time_limit_s = 6;
  double idle_s = 5;
  int rounds = 5;
  int first_round = 1;
  int warm_ups = 1;
};

void declare(CLI::App& app, Options& options) {
  auto& guest = options.guest;
  // So that what a script gives can be overruled by what its user adds.
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  app.add_option("--bzimage", guest.bzimage, "the guest's kernel as a bzImage")
      ->check(CLI::ExistingFile);
  app.add_option("--vmlinux", guest.vmlinux, "the same kernel as an ELF file")
      ->check(CLI::ExistingFile);
  app.add_option("--initrd", guest.initrd, "initrd made by bench/guest/build")
      ->check(CLI::ExistingFile);
  app.add_option("--workloads", guest.workloads, "initrd made by bench/workloads/build")
      ->check(CLI::ExistingFile);
  app.add_option("--words", guest.words, "more words for the kernel's command line");
  app.add_option("--memory", guest.memory_mib, "guest memory in MiB")->capture_default_str();
  app.add_option("--processors", guest.processors, "guest processors")->capture_default_str();
  app.add_option("--peers", options.peers, "folder of descriptions (*.peer)")
      ->check(CLI::ExistingDirectory);
  app.add_option("--program", options.programs, "PROGRAM=PATH: where a description's program is")
      ->take_all();
  app.add_option("--only", options.only, "leave out all contestants but these")
      ->delimiter(',')
      ->take_all();
  app.add_option("--passes", options.passes, "of boot, console, idle, block, net")
      ->delimiter(',')
      ->take_all()
      ->capture_default_str();
  app.add_option("--rounds", options.rounds, "boots of each contestant in each pass")
      ->capture_default_str();
  app.add_option("--first-round", options.first_round, "number of the first round")
      ->capture_default_str();
  app.add_option("--warm-ups", options.warm_ups, "rounds before that, not counted")
      ->capture_default_str();
  app.add_option("--time-limit", options.time_limit_s, "seconds until a boot counts as hung")
      ->capture_default_str();
  app.add_option("--idle", options.idle_s, "seconds to watch an idle guest")->capture_default_str();
  app.add_option("--print", options.method.print_bytes, "bytes init prints in the console pass")
      ->default_val(8192);
  app.add_option("--work", options.method.workload_s, "seconds of each case of block and net")
      ->default_val(2);
  app.add_option("--disk", options.method.disk, "the image for block; what is on it is lost");
  app.add_option("--tap", options.method.tap, "the tap for net; 192.168.77.1 behind it has iperf3");
  app.add_option("--reference", options.reference, "the contestant all others are compared with")
      ->capture_default_str();
  app.add_option("--samples", options.samples,
                 "write every sample to this file, one JSON object a line");
  app.add_option("--consoles", options.method.consoles,
                 "folder for what each contestant's last guest printed");
  app.add_option("--report", options.report_on,
                 "boot nothing; print the report on a file of samples");
  app.add_option("--compare", options.compare, "boot nothing; compare two files of samples")
      ->expected(2)
      ->take_all();
}

std::vector<Contestant> find_contestants(const Options& options) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator{options.peers}) {
    if (entry.path().extension() == ".peer") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  std::vector<Contestant> contestants;
  for (const auto& file : files) {
    auto contestant = read_description(file);
    if (!options.only.empty() && std::ranges::count(options.only, contestant.name) == 0) continue;
    for (const auto& given : options.programs) {
      const auto equals = given.find('=');
      if (given.substr(0, equals) == contestant.program)
        contestant.program = given.substr(equals + 1);
    }
    const auto found = find_program(contestant.program);
    if (found.empty()) {
      fmt::print("  {}: no {} here\n", contestant.name, contestant.program.string());
      continue;
    }
    contestant.program = found;
    contestants.push_back(std::move(contestant));
  }
  return contestants;
}

std::vector<Pass> passes_of(const Options& options) {
  std::vector<Pass> passes;
  for (const auto& name : options.passes) {
    const auto* pass = std::ranges::find(bench::passes, name, name_of);
    if (pass == bench::passes.end()) {
      throw std::runtime_error{
          fmt::format("no pass '{}': {}", name,
                      fmt::join(bench::passes | std::views::transform(name_of), ", "))};
    }
    passes.push_back(*pass);
  }
  return passes;
}

/// The console is read the moment something is written, also where there is only one processor.
void run_before_all_others() {
  const sched_param highest{.sched_priority = 50};
  ::sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &highest);
}

class Session {
 public:
  explicit Session(Options options) : options_{std::move(options)} {
    options_.method.time_limit = static_cast<Nanoseconds>(options_.time_limit_s * 1e9);
    options_.method.idle_time = static_cast<Nanoseconds>(options_.idle_s * 1e9);
    std::string scratch = (std::filesystem::temp_directory_path() / "boot_bench.XXXXXX").string();
    if (!::mkdtemp(scratch.data())) throw std::runtime_error{"cannot make a scratch folder"};
    options_.method.scratch = scratch;
    if (!options_.method.consoles.empty())
      std::filesystem::create_directories(options_.method.consoles);
    if (!options_.samples.empty()) file_.open(options_.samples);
  }
  ~Session() {
    std::error_code ignored;
    std::filesystem::remove_all(options_.method.scratch, ignored);
  }

  void run() {
    const auto contestants = find_contestants(options_);
    if (contestants.empty()) throw std::runtime_error{"nobody to measure"};
    keep(describe_host());
    for (const auto& contestant : contestants) describe(contestant);
    if (!trace_.available())
      fmt::print("  no trace of KVM: first_run and init_mark will be missing\n");
    run_before_all_others();
    const int first = options_.first_round;
    for (int round = first - options_.warm_ups; round < first + options_.rounds; ++round) {
      for (const auto pass : passes_of(options_)) {
        for (std::size_t i = 0; i < contestants.size(); ++i) {
          // Each goes first once: nobody always follows the same neighbour's warm caches.
          const auto turn =
              (i + static_cast<std::size_t>(round + options_.warm_ups)) % contestants.size();
          take_samples(contestants[turn], pass, round);
        }
      }
    }
    fmt::print("{}", report(samples_, options_.reference));
  }

 private:
  void describe(const Contestant& contestant) {
    const auto arguments = arguments_for(contestant, options_.guest, options_.method, Pass::Boot);
    Record description;
    description.set("command_of", contestant.name);
    description.set("command",
                    fmt::format("{} {}", contestant.program.string(), fmt::join(arguments, " ")));
    keep(description);
  }

  void take_samples(const Contestant& contestant, Pass pass, int round) {
    if (!devices_for(contestant, pass)) return;
    const bool works = pass == Pass::Block || pass == Pass::Net;
    const auto measured =
        works ? measure_workload(contestant, options_.guest, options_.method, pass)
              : std::vector{measure(contestant, options_.guest, options_.method, pass, trace_)};
    for (const Record& figures : measured) {
      Record sample;
      sample.set("contestant", contestant.name);
      sample.set("round", round);
      sample.set("pass", std::string{name_of(pass)});
      for (const auto& [name, value] : figures.values()) {
        std::visit([&](const auto& known) { sample.set(name, known); }, value);
      }
      if (round < options_.first_round) sample.set("pass", std::string{"warm-up"});
      const auto outcome = sample.text("outcome").value_or("");
      fmt::print(stderr, "  round {} {} {}: {}\n", round, sample.text("pass").value_or(""),
                 contestant.name, outcome);
      if (outcome != "ok") fmt::print(stderr, "    {}\n", sample.text("why").value_or(""));
      keep(sample);
      samples_.push_back(std::move(sample));
    }
  }

  void keep(const Record& record) {
    if (file_.is_open()) file_ << record.to_json() << std::endl;
  }

  Options options_;
  KvmTrace trace_;
  std::ofstream file_;
  std::vector<Record> samples_;
};

}  // namespace

int run(int argc, char** argv) {
  CLI::App app{
      "Boots one Linux guest with every virtual machine monitor found, in turn, and compares "
      "them."};
  Options options;
  declare(app, options);
  CLI11_PARSE(app, argc, argv);
  if (!options.report_on.empty()) {
    fmt::print("{}", report(read_samples(options.report_on), options.reference));
    return 0;
  }
  if (!options.compare.empty()) {
    fmt::print("{}",
               comparison(read_samples(options.compare[0]), read_samples(options.compare[1])));
    return 0;
  }
  for (const auto* needed : {"--bzimage", "--vmlinux", "--initrd", "--peers"}) {
    if (app.count(needed) == 0)
      throw std::runtime_error{fmt::format("{} is missing; bench/run gives it", needed)};
  }
  Session{std::move(options)}.run();
  return 0;
}

}  // namespace bench

int main(int argc, char** argv) {
  try {
    return bench::run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "boot_bench: {}\n", error.what());
    return 1;
  }
}
