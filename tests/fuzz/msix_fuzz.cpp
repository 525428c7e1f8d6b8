// A guest that writes anything into an MSI-X table and its Message Control, while the function
// interrupts. Beside it runs what the specification says, in a few lines.
//
// Input: how many vectors, then steps of an operation, an offset and a value.

#include <cstdint>
#include <cstring>
#include <optional>
#include <set>
#include <span>

#include "devices/pci/msix_table.hpp"
#include "tests/fuzz/require.hpp"

namespace {

using devices::pci::MsixTable;

class Guest {
 public:
  explicit Guest(std::uint16_t vectors) : vectors_{vectors}, table_{vectors} {}

  void read(std::uint64_t offset, std::size_t size_bytes) {
    std::uint64_t value = 0;
    table_.read(offset, std::as_writable_bytes(std::span{&value, 1}).first(size_bytes));
  }
  void write(std::uint64_t offset, std::size_t size_bytes, std::uint64_t value) {
    table_.write(offset, std::as_bytes(std::span{&value, 1}).first(size_bytes));
  }
  void set_control(std::uint16_t control) {
    control_ = control;
    table_.set_control(control);
    if (!enabled()) pending_.clear();
  }
  void signal(std::uint16_t vector) {
    const bool heard = enabled() && vector < vectors_;
    const bool held = heard && (masked(vector) || all_masked());
    const auto message = table_.signal(vector);
    require(message.has_value() == (heard && !held));
    if (message) require(message->data == word(vector * 16u + 8));
    if (held) pending_.insert(vector);
  }
  void take_due() {
    for (const auto& vector : std::set{pending_}) {
      if (!enabled() || all_masked() || masked(vector)) continue;
      const auto message = table_.take_due();
      require(message && message->data == word(vector * 16u + 8));
      pending_.erase(vector);
    }
    require(!table_.take_due());
  }
  void check_pending_bits() {
    for (std::uint16_t vector = 0; vector < vectors_; ++vector) {
      const std::uint32_t bits = word(vectors_ * 16u + vector / 32 * 4u);
      require((bits >> vector % 32 & 1) == pending_.count(vector));
    }
  }

 private:
  [[nodiscard]] std::uint32_t word(std::uint64_t offset) const {
    std::uint32_t value = 0;
    table_.read(offset, std::as_writable_bytes(std::span{&value, 1}));
    return value;
  }
  [[nodiscard]] bool enabled() const { return (control_ & 0x8000) != 0; }
  [[nodiscard]] bool all_masked() const { return (control_ & 0x4000) != 0; }
  [[nodiscard]] bool masked(std::uint16_t vector) const { return word(vector * 16u + 12) != 0; }

  const std::uint16_t vectors_;
  MsixTable table_;
  std::uint16_t control_ = 0;
  std::set<std::uint16_t> pending_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size_bytes) {
  if (size_bytes == 0) return 0;
  Guest guest{static_cast<std::uint16_t>(data[0] % 70 + 1)};
  for (std::size_t i = 1; i + 11 <= size_bytes; i += 11) {
    const std::size_t width = std::size_t{1} << (data[i] >> 3 & 3);
    const std::uint64_t offset = (data[i + 1] + data[i + 2] * 0x100u) % (0x1000 - width + 1);
    std::uint64_t value = 0;
    std::memcpy(&value, data + i + 3, sizeof value);
    switch (data[i] & 7) {
      case 0:
        guest.read(offset, width);
        break;
      case 1:
        guest.set_control(static_cast<std::uint16_t>(value));
        break;
      case 2:
      case 3:
        guest.signal(static_cast<std::uint16_t>(data[i + 1]));
        break;
      default:
        guest.write(offset, width, value);
    }
    guest.take_due();
    guest.check_pending_bits();
  }
  return 0;
}
