// The kernel and initrd a machine boots from: opened and mapped once, used for every restart.
#pragma once

#include <concepts>
#include <ctime>
#include <optional>
#include <stdexcept>
#include <string>

#include "loader/image.hpp"
#include "runtime/file_view.hpp"
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
  [[nodiscard]] const runtime::FileView& view() const { return *bytes_; }

  /// A file that changes while it is loaded would boot half of each. Throws BadInput.
  void check_unchanged() const;

  /// Once loaded, its pages are the page cache's business; the next start finds them there.
  void let_go_of_pages() const;

 private:
  std::string name_;
  runtime::UniqueFd file_;
  timespec modified_{};
  std::optional<runtime::FileView> bytes_;
};

struct BootFiles {
  explicit BootFiles(const MachineConfig& config);

  /// Calls a loader and returns what it does. Throws BadInput if a file is no longer what it was
  /// when it was opened, whatever the loader made of that.
  template <std::invocable Load>
  auto load_unchanged(Load load) const;

  BootFile kernel;
  std::optional<BootFile> initrd;

 private:
  void check_unchanged() const;
  void let_go_of_pages() const;
};

template <std::invocable Load>
auto BootFiles::load_unchanged(Load load) const {
  check_unchanged();
  const runtime::FileView::Reader kernel_reader{kernel.view()};
  std::optional<runtime::FileView::Reader> initrd_reader;
  if (initrd) initrd_reader.emplace(initrd->view());
  try {
    const auto loaded = load();
    check_unchanged();
    let_go_of_pages();
    return loaded;
  } catch (const loader::LoadError&) {
    check_unchanged();
    throw;
  }
}

}  // namespace vmm
