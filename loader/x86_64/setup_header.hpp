// The setup header: what a bzImage says of itself at offset 0x1F1, and what a loader answers in the
// same place of boot_params.
//
// Spec: Documentation/arch/x86/boot.rst, "The Real-Mode Kernel Header".
#pragma once

#include <cstddef>
#include <cstdint>

namespace loader::x86_64 {

inline constexpr std::size_t setup_header_offset = 0x1F1;
inline constexpr std::uint16_t setup_boot_flag = 0xAA55;
inline constexpr std::uint32_t setup_magic = 0x53726448;  // "HdrS"

struct [[gnu::packed]] SetupHeader {
  std::uint8_t setup_sects;
  std::uint16_t root_flags;
  std::uint32_t syssize;
  std::uint16_t ram_size;
  std::uint16_t vid_mode;
  std::uint16_t root_dev;
  std::uint16_t boot_flag;
  std::uint8_t jump_opcode;
  std::uint8_t jump_distance;  // from 0x202 to the end of this header
  std::uint32_t header;
  std::uint16_t version;
  std::uint32_t realmode_swtch;
  std::uint16_t start_sys_seg;
  std::uint16_t kernel_version;
  std::uint8_t type_of_loader;
  std::uint8_t loadflags;
  std::uint16_t setup_move_size;
  std::uint32_t code32_start;
  std::uint32_t ramdisk_image;
  std::uint32_t ramdisk_size;
  std::uint32_t bootsect_kludge;
  std::uint16_t heap_end_ptr;
  std::uint8_t ext_loader_ver;
  std::uint8_t ext_loader_type;
  std::uint32_t cmd_line_ptr;
  std::uint32_t initrd_addr_max;
  std::uint32_t kernel_alignment;
  std::uint8_t relocatable_kernel;
  std::uint8_t min_alignment;
  std::uint16_t xloadflags;
  std::uint32_t cmdline_size;
  std::uint32_t hardware_subarch;
  std::uint64_t hardware_subarch_data;
  std::uint32_t payload_offset;
  std::uint32_t payload_length;
  std::uint64_t setup_data;
  std::uint64_t pref_address;
  std::uint32_t init_size;
  std::uint32_t handover_offset;
  std::uint32_t kernel_info_offset;
};

// The offsets boot.rst gives, counted from the start of the file.
static_assert(offsetof(SetupHeader, setup_sects) == 0x1F1 - setup_header_offset);
static_assert(offsetof(SetupHeader, boot_flag) == 0x1FE - setup_header_offset);
static_assert(offsetof(SetupHeader, header) == 0x202 - setup_header_offset);
static_assert(offsetof(SetupHeader, version) == 0x206 - setup_header_offset);
static_assert(offsetof(SetupHeader, type_of_loader) == 0x210 - setup_header_offset);
static_assert(offsetof(SetupHeader, ramdisk_image) == 0x218 - setup_header_offset);
static_assert(offsetof(SetupHeader, cmd_line_ptr) == 0x228 - setup_header_offset);
static_assert(offsetof(SetupHeader, kernel_alignment) == 0x230 - setup_header_offset);
static_assert(offsetof(SetupHeader, xloadflags) == 0x236 - setup_header_offset);
static_assert(offsetof(SetupHeader, cmdline_size) == 0x238 - setup_header_offset);
static_assert(offsetof(SetupHeader, payload_offset) == 0x248 - setup_header_offset);
static_assert(offsetof(SetupHeader, setup_data) == 0x250 - setup_header_offset);
static_assert(offsetof(SetupHeader, pref_address) == 0x258 - setup_header_offset);
static_assert(offsetof(SetupHeader, init_size) == 0x260 - setup_header_offset);
static_assert(offsetof(SetupHeader, kernel_info_offset) == 0x268 - setup_header_offset);

enum LoadFlags : std::uint8_t { LoadedHigh = 1 << 0 };
enum ExtendedLoadFlags : std::uint16_t {
  Kernel64 = 1 << 0,            // has the 64-bit entry point at 0x200
  CanBeLoadedAbove4G = 1 << 1,  // so can its initrd
};

}  // namespace loader::x86_64
