#include "loader/acpi/aml.hpp"

#include <algorithm>
#include <array>
#include <concepts>
#include <initializer_list>

namespace loader::acpi::aml {
namespace {

// Opcodes, ACPI 6.5 table 20.x; those of two bytes have the extension prefix first.
enum Opcode : unsigned {
  ZeroOp = 0x00,
  OneOp = 0x01,
  NameOp = 0x08,
  BytePrefix = 0x0A,
  WordPrefix = 0x0B,
  DWordPrefix = 0x0C,
  StringPrefix = 0x0D,
  QWordPrefix = 0x0E,
  ScopeOp = 0x10,
  BufferOp = 0x11,
  PackageOp = 0x12,
  MethodOp = 0x14,
  DualNamePrefix = 0x2E,
  MultiNamePrefix = 0x2F,
  ExtensionPrefix = 0x5B,
  Arg0Op = 0x68,
  AndOp = 0x7B,
  OrOp = 0x7D,
  DeviceOp = 0x82,
  NotifyOp = 0x86,
  CreateDWordFieldOp = 0x8A,
  LNotOp = 0x92,
  LEqualOp = 0x93,
  IfOp = 0xA0,
  ReturnOp = 0xA4,
};

constexpr std::size_t segment_length = 4;

constexpr unsigned both_ends_fixed = 0x0C;  // of an address space descriptor, 6.4.3.5

Bytes bytes(std::initializer_list<unsigned> values) {
  Bytes result;
  result.reserve(values.size());
  for (const unsigned value : values) result.push_back(static_cast<std::byte>(value));
  return result;
}

template <std::unsigned_integral T>
Bytes little_endian(T value) {
  Bytes result;
  append(result, value);
  return result;
}

/// 20.2.4: the length counts itself. The top two bits of the first byte say how many follow.
Bytes package_length(std::size_t content_bytes) {
  constexpr std::size_t most_in_one_byte = 63;
  if (content_bytes + 1 <= most_in_one_byte)
    return bytes({static_cast<unsigned>(content_bytes + 1)});
  std::size_t following = 1;
  while (content_bytes + 1 + following >= std::size_t{1} << (4 + 8 * following)) ++following;
  const std::size_t total = content_bytes + 1 + following;
  Bytes result = bytes({static_cast<unsigned>(following << 6 | (total & 0xF))});
  for (std::size_t index = 0; index < following; ++index) {
    result.push_back(static_cast<std::byte>(total >> (4 + 8 * index)));
  }
  return result;
}

/// An opcode, the length of what follows, and what follows.
Bytes enclosed(const Bytes& opcode, TermList content) {
  const Bytes inside = join(content);
  return join({opcode, package_length(inside.size()), inside});
}

Bytes prepend(Bytes first, TermList rest) {
  for (const Bytes& term : rest) append(first, term);
  return first;
}

std::vector<std::string_view> segments_of(std::string_view path) {
  std::vector<std::string_view> segments;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('.'), path.size());
    segments.push_back(path.substr(0, end));
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return segments;
}

void append_segment(Bytes& to, std::string_view text) {
  for (std::size_t index = 0; index < segment_length; ++index)
    to.push_back(static_cast<std::byte>(index < text.size() ? text[index] : '_'));
}

unsigned hex_digit(char character) {
  return static_cast<unsigned>(character <= '9' ? character - '0' : character - 'A' + 10);
}

/// What a producer hands on of a space with 16 bits of address, 6.4.3.5.3.
enum class WordSpace : unsigned { Ports = 1, BusNumbers = 2 };

Bytes word_window(WordSpace space, unsigned kind, std::uint16_t first, std::uint16_t last) {
  const std::uint16_t granularity = 0;
  const std::uint16_t translation = 0;
  return join({bytes({0x88, 0x0D, 0, static_cast<unsigned>(space), both_ends_fixed, kind}),
               little_endian(granularity), little_endian(first), little_endian(last),
               little_endian(translation),
               little_endian(static_cast<std::uint16_t>(last - first + 1))});
}

}  // namespace

Bytes join(TermList terms) {
  std::size_t size_bytes = 0;
  for (const Bytes& term : terms) size_bytes += term.size();
  Bytes result;
  result.reserve(size_bytes);
  for (const Bytes& term : terms) append(result, term);
  return result;
}

Bytes integer(std::uint64_t value) {
  if (value == 0) return bytes({ZeroOp});
  if (value == 1) return bytes({OneOp});
  if (value <= 0xFF)
    return prepend(bytes({BytePrefix}), {little_endian<std::uint8_t>(value & 0xFF)});
  if (value <= 0xFFFF) {
    return prepend(bytes({WordPrefix}), {little_endian<std::uint16_t>(value & 0xFFFF)});
  }
  if (value <= 0xFFFF'FFFF) {
    return prepend(bytes({DWordPrefix}), {little_endian<std::uint32_t>(value & 0xFFFF'FFFF)});
  }
  return prepend(bytes({QWordPrefix}), {little_endian(value)});
}

Bytes string(std::string_view text) {
  Bytes result = bytes({StringPrefix});
  for (const char character : text) result.push_back(static_cast<std::byte>(character));
  result.push_back(std::byte{0});
  return result;
}

Bytes eisa_id(std::string_view id) {
  // Five bits a letter, four a digit, the most significant byte first.
  unsigned value = 0;
  for (const char letter : id.substr(0, 3))
    value = value << 5 | static_cast<unsigned>(letter - '@');
  for (const char digit : id.substr(3, 4)) value = value << 4 | hex_digit(digit);
  return bytes({DWordPrefix, value >> 24, value >> 16 & 0xFF, value >> 8 & 0xFF, value & 0xFF});
}

Bytes uuid(std::string_view text) {
  // 19.6.142: the first three groups of digits are little-endian numbers.
  static constexpr std::array<std::size_t, 16> digits_at{6,  4,  2,  0,  11, 9,  16, 14,
                                                         19, 21, 24, 26, 28, 30, 32, 34};
  Bytes content;
  for (const std::size_t at : digits_at) {
    content.push_back(static_cast<std::byte>(hex_digit(text[at]) << 4 | hex_digit(text[at + 1])));
  }
  return buffer(content);
}

Bytes buffer(const Bytes& content) {
  return enclosed(bytes({BufferOp}), {integer(content.size()), content});
}

Bytes package(TermList elements) {
  const Bytes count = bytes({static_cast<unsigned>(elements.size())});
  return enclosed(bytes({PackageOp}), {count, join(elements)});
}

Bytes path(std::string_view path) {
  Bytes result;
  if (path.starts_with('\\')) {
    result = bytes({'\\'});
    path.remove_prefix(1);
  }
  const auto segments = segments_of(path);
  if (segments.size() == 2) result.push_back(std::byte{DualNamePrefix});
  if (segments.size() > 2) {
    result.push_back(std::byte{MultiNamePrefix});
    result.push_back(static_cast<std::byte>(segments.size()));
  }
  for (const std::string_view text : segments) append_segment(result, text);
  return result;
}

Bytes name(std::string_view where, const Bytes& value) {
  return prepend(bytes({NameOp}), {path(where), value});
}

Bytes scope(std::string_view where, TermList content) {
  return enclosed(bytes({ScopeOp}), {path(where), join(content)});
}

Bytes device(std::string_view where, TermList content) {
  return enclosed(bytes({ExtensionPrefix, DeviceOp}), {path(where), join(content)});
}

Bytes method(std::string_view where, TermList body, Arguments arguments, Calls calls) {
  const unsigned flags = static_cast<unsigned>(arguments) | static_cast<unsigned>(calls) << 3;
  return enclosed(bytes({MethodOp}), {path(where), bytes({flags}), join(body)});
}

Bytes argument(unsigned index) {
  return bytes({Arg0Op + index});
}

Bytes create_dword_field(const Bytes& buffer, std::uint64_t offset, std::string_view where) {
  return prepend(bytes({CreateDWordFieldOp}), {buffer, integer(offset), path(where)});
}

Bytes return_value(const Bytes& value) {
  return prepend(bytes({ReturnOp}), {value});
}

Bytes and_into(const Bytes& left, const Bytes& right, const Bytes& target) {
  return prepend(bytes({AndOp}), {left, right, target});
}

Bytes or_into(const Bytes& left, const Bytes& right, const Bytes& target) {
  return prepend(bytes({OrOp}), {left, right, target});
}

Bytes if_equal(const Bytes& left, const Bytes& right, TermList body) {
  return enclosed(bytes({IfOp}), {bytes({LEqualOp}), left, right, join(body)});
}

Bytes if_different(const Bytes& left, const Bytes& right, TermList body) {
  return enclosed(bytes({IfOp}), {bytes({LNotOp, LEqualOp}), left, right, join(body)});
}

Bytes notify(std::string_view device_path, std::uint8_t notification) {
  return prepend(bytes({NotifyOp}), {path(device_path), integer(notification)});
}

Bytes resources(TermList descriptors) {
  constexpr unsigned end_tag = 0x79;
  constexpr unsigned no_checksum = 0;
  return buffer(join({join(descriptors), bytes({end_tag, no_checksum})}));
}

Bytes io_ports(platform::Port first, std::uint8_t alignment, std::uint8_t count) {
  constexpr unsigned decodes_16_bits = 1;
  return join({bytes({0x47, decodes_16_bits}), little_endian(first.value),
               little_endian(first.value), bytes({alignment, count})});
}

Bytes interrupt(platform::Gsi pin, Trigger trigger, Sharing sharing) {
  constexpr unsigned consumer = 1 << 0;
  const unsigned flags = consumer | (trigger == Trigger::Edge ? 1u << 1 : 0u) |
                         (sharing == Sharing::Shared ? 1u << 3 : 0u);
  constexpr unsigned count = 1;
  return join({bytes({0x89, 6, 0, flags, count}), little_endian(pin.value)});
}

Bytes memory_32_fixed(std::uint32_t start, std::uint32_t size_bytes) {
  constexpr unsigned writable = 1;
  return join({bytes({0x86, 9, 0, writable}), little_endian(start), little_endian(size_bytes)});
}

Bytes qword_memory(platform::AddressRange range, MemoryUse use) {
  constexpr unsigned is_memory = 0;
  constexpr unsigned consumer = 0x01;
  constexpr unsigned writable = 0x01;
  constexpr unsigned cacheable = 0x02;
  const unsigned general = both_ends_fixed | (use == MemoryUse::Registers ? consumer : 0);
  const unsigned kind = writable | (use == MemoryUse::Window ? cacheable : 0);
  const std::uint64_t granularity = 0;
  const std::uint64_t translation = 0;
  return join({bytes({0x8A, 0x2B, 0, is_memory, general, kind}), little_endian(granularity),
               little_endian(range.start.value), little_endian(range.end().value - 1),
               little_endian(translation), little_endian(range.size_bytes)});
}

Bytes bus_numbers(std::uint8_t first, std::uint8_t last) {
  return word_window(WordSpace::BusNumbers, 0, first, last);
}

Bytes port_window(platform::PortRange ports) {
  constexpr unsigned entire_range = 0b11;
  return word_window(WordSpace::Ports, entire_range, ports.first.value, ports.last().value);
}

}  // namespace loader::acpi::aml
