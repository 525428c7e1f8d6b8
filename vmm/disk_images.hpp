// The images behind a machine's disks: opened, checked and locked once, used for every restart.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "devices/storage/disk.hpp"
#include "runtime/task.hpp"
#include "vmm/config.hpp"

namespace vmm {

class DiskImages {
 public:
  /// An image that is written to is locked for us alone, one that is read for readers: two
  /// machines, ours or QEMU's, cannot spoil it. Throws BadInput that names the image.
  DiskImages(std::span<const DiskConfig> configs, runtime::Executor executor);

  /// In the order of the configuration.
  [[nodiscard]] std::span<const std::unique_ptr<devices::storage::Disk>> disks() const {
    return disks_;
  }

 private:
  std::vector<std::unique_ptr<devices::storage::Disk>> disks_;
};

}  // namespace vmm
