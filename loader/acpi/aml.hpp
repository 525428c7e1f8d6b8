// ACPI machine language, composed by value: a term is its bytes, a larger term is made of smaller
// ones. `device("UAR1", {name("_UID", integer(1))})` reads as the ASL it stands for.
//
// Spec: ACPI 6.5, chapter 20 (encoding), 6.4 (resource descriptors), 19.3.4 (EISA ids).
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>
#include <vector>

#include "loader/bytes.hpp"
#include "platform/address.hpp"
#include "platform/interrupts.hpp"

namespace loader::acpi::aml {

using loader::Bytes;
using Terms = std::vector<Bytes>;

/// Terms to put into a larger one, for the time of a call: a braced list, which a vector would
/// copy.
class TermList {
 public:
  TermList(std::initializer_list<Bytes> terms) : terms_{terms.begin(), terms.size()} {}
  TermList(const Terms& terms) : terms_{terms} {}

  [[nodiscard]] auto begin() const { return terms_.begin(); }
  [[nodiscard]] auto end() const { return terms_.end(); }
  [[nodiscard]] std::size_t size() const { return terms_.size(); }

 private:
  std::span<const Bytes> terms_;
};

// Data, in the shortest encoding.
[[nodiscard]] Bytes integer(std::uint64_t value);
[[nodiscard]] Bytes string(std::string_view text);
/// "PNP0501": three letters and four hexadecimal digits, stored as a number.
[[nodiscard]] Bytes eisa_id(std::string_view id);
/// As ToUUID has it: a buffer.
[[nodiscard]] Bytes uuid(std::string_view text);
[[nodiscard]] Bytes buffer(const Bytes& content);
[[nodiscard]] Bytes package(TermList elements);

// Named objects. A path is written as in ASL: "\\_SB.VMOD"; segments are padded to four characters.
[[nodiscard]] Bytes path(std::string_view path);
[[nodiscard]] Bytes name(std::string_view path, const Bytes& value);
[[nodiscard]] Bytes scope(std::string_view path, TermList content);
[[nodiscard]] Bytes device(std::string_view path, TermList content);
enum class Arguments : unsigned { None = 0, One = 1, Four = 4 };
enum class Calls : unsigned { Concurrent = 0, OneAtATime = 1 };  // the latter if it makes names
[[nodiscard]] Bytes method(std::string_view path, TermList body, Arguments = Arguments::None,
                           Calls = Calls::Concurrent);
[[nodiscard]] Bytes argument(unsigned index);  // of the method around it
/// Names four bytes of a buffer.
[[nodiscard]] Bytes create_dword_field(const Bytes& buffer, std::uint64_t offset,
                                       std::string_view path);

// Statements. `target` is where the result goes.
[[nodiscard]] Bytes return_value(const Bytes& value);
[[nodiscard]] Bytes and_into(const Bytes& left, const Bytes& right, const Bytes& target);
[[nodiscard]] Bytes or_into(const Bytes& left, const Bytes& right, const Bytes& target);
[[nodiscard]] Bytes if_equal(const Bytes& left, const Bytes& right, TermList body);
[[nodiscard]] Bytes if_different(const Bytes& left, const Bytes& right, TermList body);
[[nodiscard]] Bytes notify(std::string_view device, std::uint8_t notification);

// Resources.
enum class Trigger { Level, Edge };
enum class Sharing { Exclusive, Shared };
enum class MemoryUse {
  Registers,  // this device's own, uncached
  Window,     // handed on to the devices below
  UncachedWindow,
};
[[nodiscard]] Bytes resources(TermList descriptors);  // a buffer, with the end tag added
[[nodiscard]] Bytes io_ports(platform::Port first, std::uint8_t alignment, std::uint8_t count);
[[nodiscard]] Bytes interrupt(platform::Gsi pin, Trigger trigger, Sharing sharing);  // active high
[[nodiscard]] Bytes memory_32_fixed(std::uint32_t start, std::uint32_t size_bytes);
[[nodiscard]] Bytes qword_memory(platform::AddressRange range, MemoryUse use);
[[nodiscard]] Bytes bus_numbers(std::uint8_t first, std::uint8_t last);  // handed on
[[nodiscard]] Bytes port_window(platform::PortRange ports);              // the same

/// The terms one after the other.
[[nodiscard]] Bytes join(TermList terms);

}  // namespace loader::acpi::aml
