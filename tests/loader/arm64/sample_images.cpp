#include "tests/loader/arm64/sample_images.hpp"

#include <algorithm>
#include <cstring>

#include "tests/loader/x86_64/sample_kernels.hpp"

namespace samples {
namespace {

template <typename T>
void store(Bytes& bytes, std::size_t offset, T value) {
  bytes.resize(std::max(bytes.size(), offset + sizeof value));
  std::memcpy(bytes.data() + offset, &value, sizeof value);
}

/// The signature, the COFF header, an optional header of 160 bytes, and two sections.
void store_pe_header(Bytes& bytes, std::size_t offset, std::uint32_t stored_bytes) {
  store<std::uint32_t>(bytes, offset, 0x4550);  // "PE"
  store<std::uint16_t>(bytes, offset + 4, 0xAA64);
  store<std::uint16_t>(bytes, offset + 6, 2);
  store<std::uint16_t>(bytes, offset + 20, 160);
  const std::size_t sections = offset + 24 + 160;
  store<std::uint32_t>(bytes, sections + 16, 0x1000);  // raw bytes
  store<std::uint32_t>(bytes, sections + 20, 0x400);   // and from where
  store<std::uint32_t>(bytes, sections + 40 + 16, stored_bytes - 0x1400u);
  store<std::uint32_t>(bytes, sections + 40 + 20, 0x1400);
}

}  // namespace

Bytes make(const ArmImage& image) {
  Bytes file = pattern(image.file_bytes, 3);
  Bytes header(64);
  store<std::uint32_t>(header, 0, 0xFA40'5A4D);  // "MZ" and an instruction at once
  store(header, 8, image.text_offset);
  store(header, 16, image.image_size);
  store(header, 24, image.flags);
  store<std::uint32_t>(header, 56, 0x644D'5241);
  store(header, 60, image.pe_header);
  std::ranges::copy(std::span{header}.first(std::min(header.size(), file.size())), file.begin());
  if (image.pe_header == 0) return file;
  const auto stored = image.pe_stored_bytes != 0 ? image.pe_stored_bytes
                                                 : static_cast<std::uint32_t>(image.file_bytes);
  store_pe_header(file, image.pe_header, stored);
  return file;
}

Bytes make(const Zboot& zboot) {
  constexpr std::uint32_t payload_offset = 0x1000;
  Bytes file(payload_offset);
  store<std::uint32_t>(file, 0, 0x5A4D);
  store<std::uint32_t>(file, 4, 0x676D'697A);
  store<std::uint32_t>(file, 8, payload_offset);
  store(file, 12, static_cast<std::uint32_t>(zboot.payload.size()));
  std::memcpy(file.data() + 24, zboot.compression_type.data(), zboot.compression_type.size());
  store<std::uint32_t>(file, 0x38, 0x8182'23CD);
  store<std::uint32_t>(file, 0x3C, 0x40);
  store<std::uint32_t>(file, 0x40, 0x4550);
  store(file, 0x44, zboot.machine);
  loader::append(file, zboot.payload);
  loader::append(file, pattern(500));  // the decompressor
  return file;
}

}  // namespace samples
