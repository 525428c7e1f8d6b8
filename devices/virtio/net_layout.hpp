// What driver and network device tell each other, byte for byte.
//
// Spec: Virtio 1.2, 5.1 "Network Device"; USO as 1.3 has it.
#pragma once

#include <cstdint>

#include "devices/virtio/features.hpp"
#include "platform/mac_address.hpp"

namespace devices::virtio {

/// 5.1.3. Guest...: what the driver takes from us; Host...: what we take from it.
namespace net_feature {

inline constexpr auto Csum = static_cast<Feature>(1ULL << 0);
inline constexpr auto GuestCsum = static_cast<Feature>(1ULL << 1);
inline constexpr auto CtrlGuestOffloads = static_cast<Feature>(1ULL << 2);
inline constexpr auto Mtu = static_cast<Feature>(1ULL << 3);
inline constexpr auto Mac = static_cast<Feature>(1ULL << 5);
inline constexpr auto GuestTso4 = static_cast<Feature>(1ULL << 7);
inline constexpr auto GuestTso6 = static_cast<Feature>(1ULL << 8);
inline constexpr auto GuestEcn = static_cast<Feature>(1ULL << 9);
inline constexpr auto HostTso4 = static_cast<Feature>(1ULL << 11);
inline constexpr auto HostTso6 = static_cast<Feature>(1ULL << 12);
inline constexpr auto HostEcn = static_cast<Feature>(1ULL << 13);
inline constexpr auto MrgRxbuf = static_cast<Feature>(1ULL << 15);
inline constexpr auto Status = static_cast<Feature>(1ULL << 16);
inline constexpr auto CtrlVq = static_cast<Feature>(1ULL << 17);
inline constexpr auto CtrlRx = static_cast<Feature>(1ULL << 18);
inline constexpr auto Mq = static_cast<Feature>(1ULL << 22);
inline constexpr auto CtrlMacAddr = static_cast<Feature>(1ULL << 23);
inline constexpr auto GuestUso4 = static_cast<Feature>(1ULL << 54);
inline constexpr auto GuestUso6 = static_cast<Feature>(1ULL << 55);
inline constexpr auto HostUso = static_cast<Feature>(1ULL << 56);

}  // namespace net_feature

/// 5.1.4.
struct NetConfigSpace {
  platform::MacAddress mac = {};
  std::uint16_t status = 0;
  std::uint16_t max_virtqueue_pairs = 1;
  std::uint16_t mtu = 0;
};
static_assert(sizeof(NetConfigSpace) == 12);
inline constexpr std::uint16_t link_up = 1;

/// 5.1.6: where in the header of the first of its buffers a frame says how many they are.
inline constexpr std::size_t buffer_count_offset = 10;

/// 5.1.6.5.
enum class NetControlClass : std::uint8_t { Rx = 0, Mac = 1, Mq = 4, GuestOffloads = 5 };

struct NetControlHeader {
  NetControlClass control_class;
  std::uint8_t command;
};
static_assert(sizeof(NetControlHeader) == 2);

enum class NetControlAnswer : std::uint8_t { Ok = 0, Error = 1 };

}  // namespace devices::virtio
