#include "bench/boot/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <stdexcept>
#include <string_view>

#include "bench/boot/statistics.hpp"

namespace bench {

namespace {

using Samples = std::vector<double>;

/// Keys in the order in which they first came.
template <typename Value>
class Ordered {
 public:
  Value& operator[](const std::string& key) {
    for (auto& [name, value] : entries_) {
      if (name == key) return value;
    }
    return entries_.emplace_back(key, Value{}).second;
  }
  [[nodiscard]] const Value* find(const std::string& key) const {
    for (const auto& [name, value] : entries_) {
      if (name == key) return &value;
    }
    return nullptr;
  }
  [[nodiscard]] auto begin() const { return entries_.begin(); }
  [[nodiscard]] auto end() const { return entries_.end(); }
  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  std::vector<std::pair<std::string, Value>> entries_;
};

using ByContestant = Ordered<Samples>;
using ByFigure = Ordered<ByContestant>;

Ordered<ByFigure> sorted(const std::vector<Record>& samples) {
  Ordered<ByFigure> passes;
  for (const auto& sample : samples) {
    if (sample.text("outcome") != "ok") continue;
    auto& figures = passes[sample.text("pass").value_or("")];
    for (const auto& [figure, value] : sample.values()) {
      const auto* number = std::get_if<double>(&value);
      if (number && figure != "round")
        figures[figure][sample.text("contestant").value_or("")].push_back(*number);
    }
  }
  return passes;
}

/// How a figure is shown: divided by `per`, in `unit`.
struct Scale {
  std::string title;
  double per;
};

Scale scale_of(const std::string& figure) {
  const std::pair<std::string_view, std::pair<std::string_view, double>> units[] = {
      {"_ns", {"ms", 1e6}},
      {"_ns_per_s", {"ms per second", 1e6}},
      {"_ticks", {"million ticks", 1e6}}};
  for (const auto& [ending, unit] : units) {
    if (figure.ends_with(ending)) {
      return {fmt::format("{} ({})", figure.substr(0, figure.size() - ending.size()), unit.first),
              unit.second};
    }
  }
  if (figure.starts_with("memory_")) return {figure.substr(0, figure.size() - 6) + " (KiB)", 1024};
  return {figure, 1};
}

std::string row(const std::string& name, const Samples& samples, double per) {
  const auto scaled = [&](double percent) { return percentile(samples, percent) / per; };
  return fmt::format("  {:<42} {:>4} {:>12.3f} {:>12.3f} {:>12.3f}", name, samples.size(),
                     scaled(50), scaled(90), scaled(99));
}

constexpr auto heading = "  {:<42} {:>4} {:>12} {:>12} {:>12}{}\n";

std::string figure_table(const std::string& figure, const ByContestant& contestants,
                         const std::string& reference) {
  const auto scale = scale_of(figure);
  const auto* own = contestants.find(reference);
  auto out = fmt::format(heading, scale.title, "runs", "p50", "p90", "p99",
                         own ? fmt::format("  {:>16} {:>8}", reference + "/this", "p") : "");
  for (const auto& [name, samples] : contestants) {
    out += row(name, samples, scale.per);
    if (own && name != reference && percentile(samples, 50) > 0) {
      out += fmt::format("  {:>16.3f} {:>8.4f}", percentile(*own, 50) / percentile(samples, 50),
                         permutation_p(*own, samples));
    }
    out += '\n';
  }
  return out + '\n';
}

/// What its guest's console costs each monitor: the difference of a loud boot and a quiet one, per
/// byte.
std::string console_cost(const Ordered<ByFigure>& passes) {
  const auto* quiet = passes.find("boot");
  const auto* loud = passes.find("console");
  const auto* quiet_ticks = quiet ? quiet->find("guest_init_ticks") : nullptr;
  const auto* loud_ticks = loud ? loud->find("guest_init_ticks") : nullptr;
  if (!quiet_ticks || !loud_ticks) return "";
  auto out = fmt::format(heading, "full kernel log or quiet", "runs", "quiet", "full", "full/quiet",
                         "   ticks per byte");
  for (const auto& [name, samples] : *loud_ticks) {
    const auto* before = quiet_ticks->find(name);
    const auto* loud_bytes = loud->find("kernel_log_bytes");
    const auto* bytes = loud_bytes ? loud_bytes->find(name) : nullptr;
    if (!before || !bytes) continue;
    const auto from = percentile(*before, 50), to = percentile(samples, 50);
    out += fmt::format("  {:<42} {:>4} {:>12.3f} {:>12.3f} {:>12.3f} {:>16.0f}\n", name,
                       samples.size(), from / 1e6, to / 1e6, to / from,
                       (to - from) / percentile(*bytes, 50));
  }
  return out + '\n';
}

std::string outcomes(const std::vector<Record>& samples) {
  Ordered<Ordered<int>> counts;
  for (const auto& sample : samples) {
    ++counts[sample.text("contestant").value_or("")][sample.text("outcome").value_or("")];
  }
  std::string out;
  for (const auto& [name, kinds] : counts) {
    for (const auto& [kind, count] : kinds) {
      if (kind != "ok")
        out += fmt::format("  {}: {} {} (kept out of the figures)\n", name, count, kind);
    }
  }
  return out.empty() ? "  every run ended as it should\n" : out;
}

}  // namespace

std::string report(const std::vector<Record>& samples, const std::string& reference) {
  std::string out = outcomes(samples);
  const auto passes = sorted(samples);
  for (const auto& [pass, figures] : passes) {
    if (pass == "warm-up") continue;
    out += fmt::format("\n== {} ==\n\n", pass);
    std::string alone;
    for (const auto& [figure, contestants] : figures) {
      if (!figure.starts_with("own_")) {
        out += figure_table(figure, contestants, reference);
        continue;
      }
      const auto scale = scale_of(figure);
      for (const auto& [name, values] : contestants)
        alone += row(scale.title.substr(4) + ' ' + name, values, scale.per) + '\n';
    }
    if (!alone.empty())
      out += fmt::format(heading, "told by the monitor itself", "runs", "p50", "p90", "p99", "") +
             alone;
  }
  return out + '\n' + console_cost(passes);
}

std::string comparison(const std::vector<Record>& before, const std::vector<Record>& after) {
  const auto old_passes = sorted(before);
  const auto new_passes = sorted(after);
  std::string out;
  for (const auto& [pass, figures] : new_passes) {
    const auto* old_figures = old_passes.find(pass);
    if (!old_figures || pass == "warm-up") continue;
    for (const auto& [figure, contestants] : figures) {
      const auto* old_contestants = old_figures->find(figure);
      const auto scale = scale_of(figure);
      std::string rows;
      for (const auto& [name, samples] : contestants) {
        const auto* old = old_contestants ? old_contestants->find(name) : nullptr;
        if (!old) continue;
        const auto from = percentile(*old, 50) / scale.per,
                   to = percentile(samples, 50) / scale.per;
        rows += fmt::format("  {:<42} {:>12.3f} {:>12.3f} {:>9.3f} {:>9.4f}\n", name, from, to,
                            from == 0 ? 0 : to / from, permutation_p(*old, samples));
      }
      if (!rows.empty()) {
        out += fmt::format("  {:<42} {:>12} {:>12} {:>9} {:>9}\n{}\n", pass + ": " + scale.title,
                           "before p50", "after p50", "ratio", "p", rows);
      }
    }
  }
  return out;
}

std::vector<Record> read_samples(const std::string& file) {
  std::ifstream in{file};
  if (!in) throw std::runtime_error{fmt::format("cannot read {}", file)};
  std::vector<Record> samples;
  for (std::string line; std::getline(in, line);) {
    auto record = parse_record(line);
    if (!record) throw std::runtime_error{fmt::format("{} is no file of samples", file)};
    if (record->text("contestant")) samples.push_back(std::move(*record));
  }
  return samples;
}

}  // namespace bench
