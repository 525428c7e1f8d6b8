// The kernel and initrd a machine boots from: opened and mapped once, used for every restart.
#pragma once

#include <ctime>
#include <optional>
#include <stdexcept>
#include <string>

#include "loader/image.hpp"
#include "runtime/mapping.hpp"
#include "runtime/unique_fd.hpp"
#include "vmm/config.hpp"

namespace vmm {

/// A file the operator named will not do. One line; exit status exit_status::bad_input.
class BadInput final : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A regular file, opened for reading and mapped.
class BootFile {
 public:
  /// `role` is the option's name, for errors. Throws BadInput.
  BootFile(const char* role, const std::string& path);

  [[nodiscard]] loader::Image image() const;

  /// A file that became shorter would end us with SIGBUS, a changed one boot half of each: asked
  /// before every start. Throws BadInput.
  void check_unchanged() const;

  /// Once loaded, its pages are the page cache's business; the next start finds them there.
  void let_go_of_pages() const;

 private:
  std::string name_;
  runtime::UniqueFd file_;
  timespec modified_{};
  runtime::Mapping bytes_;
};

struct BootFiles {
  explicit BootFiles(const MachineConfig& config);

  void check_unchanged() const;
  void let_go_of_pages() const;

  BootFile kernel;
  std::optional<BootFile> initrd;
};

}  // namespace vmm
