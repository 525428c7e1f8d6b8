#include "loader/acpi/table_set.hpp"

#include <algorithm>
#include <cstdint>
#include <span>

#include "loader/acpi/table.hpp"
#include "runtime/units.hpp"

namespace loader::acpi {
namespace {

using platform::GuestAddress;

/// 5.2.8
Bytes make_xsdt(const std::vector<GuestAddress>& tables) {
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

GuestAddress TableSet::add(const Bytes& table) {
  bytes_.resize(runtime::align_up(bytes_.size(), 8));
  const GuestAddress address = place_ + bytes_.size();
  append(bytes_, table);
  return address;
}

Tables TableSet::finish() && {
  const GuestAddress xsdt = add(make_xsdt(listed_));
  return {std::move(bytes_), make_rsdp(xsdt)};
}

}  // namespace loader::acpi
