// What a disk's driver and device write to each other, byte for byte.
//
// Spec: Virtio 1.2, 5.2 "Block Device". All fields are little-endian, as both our architectures
// are.
#pragma once

#include <cstddef>
#include <cstdint>

#include "devices/virtio/features.hpp"

namespace devices::virtio::block {

// 5.2.3 "Feature bits".
inline constexpr auto seg_max = static_cast<Feature>(1 << 2);
inline constexpr auto read_only = static_cast<Feature>(1 << 5);
inline constexpr auto blk_size = static_cast<Feature>(1 << 6);
inline constexpr auto flush = static_cast<Feature>(1 << 9);
inline constexpr auto topology = static_cast<Feature>(1 << 10);
inline constexpr auto config_wce = static_cast<Feature>(1 << 11);
inline constexpr auto mq = static_cast<Feature>(1 << 12);
inline constexpr auto discard = static_cast<Feature>(1 << 13);
inline constexpr auto write_zeroes = static_cast<Feature>(1 << 14);

/// 5.2.4 "Device configuration layout". Sectors are 512 bytes, whatever blk_size says.
struct Config {
  std::uint64_t capacity_sectors;
  std::uint32_t size_max;
  std::uint32_t seg_max;
  struct Geometry {
    std::uint16_t cylinders;
    std::uint8_t heads;
    std::uint8_t sectors;
  } geometry;
  std::uint32_t blk_size_bytes;
  struct Topology {
    std::uint8_t physical_block_exp;  ///< A physical block has 2^this logical ones.
    std::uint8_t alignment_offset;
    std::uint16_t min_io_size;
    std::uint32_t opt_io_size;
  } topology;
  std::uint8_t writeback;
  std::uint8_t unused0;
  std::uint16_t num_queues;
  std::uint32_t max_discard_sectors;
  std::uint32_t max_discard_seg;
  std::uint32_t discard_sector_alignment;
  std::uint32_t max_write_zeroes_sectors;
  std::uint32_t max_write_zeroes_seg;
  std::uint8_t write_zeroes_may_unmap;
  std::uint8_t unused1[3];
  std::uint32_t max_secure_erase_sectors;
  std::uint32_t max_secure_erase_seg;
  std::uint32_t secure_erase_sector_alignment;
};
static_assert(sizeof(Config) == 72);
static_assert(offsetof(Config, writeback) == 32 && offsetof(Config, write_zeroes_may_unmap) == 56);

// 5.2.6 "Device Operation".

enum class RequestType : std::uint32_t {
  In = 0,
  Out = 1,
  Flush = 4,
  GetId = 8,
  Discard = 11,
  WriteZeroes = 13,
};

struct Header {
  RequestType type;
  std::uint32_t reserved;
  std::uint64_t sector;
};
static_assert(sizeof(Header) == 16);

inline constexpr std::size_t id_bytes = 20;

/// What Discard and WriteZeroes carry, one or many of them.
struct Segment {
  std::uint64_t sector;
  std::uint32_t sectors;
  std::uint32_t flags;

  static constexpr std::uint32_t unmap = 1 << 0;
};
static_assert(sizeof(Segment) == 16);

enum class Status : std::uint8_t { Ok = 0, IoError = 1, Unsupported = 2 };

}  // namespace devices::virtio::block
