#include "loader/acpi/x86_64/tables.hpp"

#include <algorithm>
#include <cstdint>
#include <span>
#include <string_view>

#include "loader/acpi/table.hpp"
#include "loader/acpi/x86_64/dsdt.hpp"
#include "loader/acpi/x86_64/fadt.hpp"
#include "loader/acpi/x86_64/madt.hpp"
#include "loader/acpi/x86_64/numa.hpp"
#include "runtime/units.hpp"

namespace loader::acpi::x86_64 {
namespace {

using platform::GuestAddress;

/// Tables one behind the other, each on an 8-byte boundary, as they will lie in RAM.
class Collection {
 public:
  explicit Collection(GuestAddress place) : place_{place} {}

  GuestAddress add(const Bytes& table) {
    bytes_.resize(runtime::align_up(bytes_.size(), 8));
    const GuestAddress address = place_ + bytes_.size();
    append(bytes_, table);
    return address;
  }
  Bytes take() && { return std::move(bytes_); }

 private:
  GuestAddress place_;
  Bytes bytes_;
};

/// 5.2.8
Bytes make_xsdt(std::span<const GuestAddress> tables) {
  constexpr std::uint8_t revision = 1;
  Table xsdt{"XSDT", revision};
  for (const GuestAddress table : tables) xsdt.append(table.value);
  return xsdt.finish();
}

struct [[gnu::packed]] Rsdp {
  char signature[8] = {'R', 'S', 'D', ' ', 'P', 'T', 'R', ' '};
  std::uint8_t checksum = 0;  // of the first 20 bytes, all that ACPI 1.0 had
  char oem_id[6] = {'M', 'A', 'Y', 'F', 'L', 'Y'};
  std::uint8_t revision = 2;
  std::uint32_t rsdt_address = 0;
  std::uint32_t length = 36;
  std::uint64_t xsdt_address;
  std::uint8_t extended_checksum = 0;
  std::uint8_t reserved[3] = {};
};
static_assert(offsetof(Rsdp, length) == 20 && sizeof(Rsdp) == 36);

/// 5.2.5.3
std::array<std::byte, 36> make_rsdp(GuestAddress xsdt) {
  const Rsdp rsdp{.xsdt_address = xsdt.value};
  std::array<std::byte, sizeof rsdp> bytes;
  std::ranges::copy(std::as_bytes(std::span{&rsdp, 1}), bytes.begin());
  bytes[offsetof(Rsdp, checksum)] = checksum(std::span{bytes}.first(offsetof(Rsdp, length)));
  bytes[offsetof(Rsdp, extended_checksum)] = checksum(bytes);
  return bytes;
}

}  // namespace

Tables make_tables(const Machine& machine, GuestAddress place) {
  constexpr std::uint8_t dsdt_revision = 2;  // integers of 64 bits
  Collection tables{place};
  const GuestAddress dsdt =
      tables.add(Table{"DSDT", dsdt_revision}.append(dsdt_content(machine)).finish());
  std::vector<GuestAddress> listed{tables.add(make_fadt(machine, dsdt)),
                                   tables.add(make_madt(machine)), tables.add(make_srat(machine))};
  if (node_count(machine) > 1) listed.push_back(tables.add(make_slit(machine)));
  const GuestAddress xsdt = tables.add(make_xsdt(listed));
  return {std::move(tables).take(), make_rsdp(xsdt)};
}

}  // namespace loader::acpi::x86_64
