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

#include "bench/boot/clock.hpp"

namespace bench {

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
