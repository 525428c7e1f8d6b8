// What the host's kernel saw of a guest: when it was first entered, and when its init wrote the
// boot mark. This is how the moments come from monitors that tell nothing themselves, without
// touching them.
//
// Two instances of the kernel's tracer. One listens to kvm_entry with the smallest buffer there is
// and throws away what no longer fits, so that it records the first entries and then costs next to
// nothing. The other records writes of 0x41 to port 0x80 alone. Guests of other users of KVM would
// be mistaken for ours.
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

#include "bench/boot/clock.hpp"

namespace bench {

/// When the event on a line of the tracer's `trace` file happened; nothing for a comment or a line
/// that is none. With the clock "mono" it reads
///
///   boot_bench-12      [000] d..1.    34.567890: kvm_entry: vcpu 0, rip 0xfff0
///
/// (Documentation/trace/ftrace.rst, "Output format"). A process's name may hold spaces and colons.
[[nodiscard]] std::optional<Nanoseconds> stamp_of(std::string_view line);

class KvmTrace {
 public:
  struct Moments {
    std::optional<Nanoseconds> first_entry;
    std::optional<Nanoseconds> user_space_mark;
  };

  /// Without tracefs, or without permission, there will be no moments.
  KvmTrace();
  ~KvmTrace();
  KvmTrace(const KvmTrace&) = delete;
  KvmTrace& operator=(const KvmTrace&) = delete;

  [[nodiscard]] bool available() const { return !instances_.empty(); }
  /// Forgets what was seen so far.
  void clear();
  [[nodiscard]] Moments moments() const;

 private:
  std::filesystem::path instances_;
};

}  // namespace bench
