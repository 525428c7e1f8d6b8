// What a driver orders through a network device's control queue.
//
// Spec: Virtio 1.2, 5.1.6.5 "Control Virtqueue".
#include <utility>

#include "devices/virtio/net.hpp"

namespace devices::virtio {
namespace {

using namespace net_feature;
using Answer = NetControlAnswer;

enum class RxCommand : std::uint8_t { Promiscuous = 0, AllMulticast = 1 };
enum class MacCommand : std::uint8_t { TableSet = 0, AddressSet = 1 };
enum class PairsCommand : std::uint8_t { Set = 0 };
enum class OffloadsCommand : std::uint8_t { Set = 0 };

constexpr Features all_guest_offloads{GuestCsum, GuestTso4, GuestTso6,
                                      GuestEcn,  GuestUso4, GuestUso6};

Answer ok_if(bool good) {
  return good ? Answer::Ok : Answer::Error;
}

/// A table of addresses: how many, and they.
bool skip_table(Reader& from) {
  const auto entries = from.read<std::uint32_t>();
  if (!entries) return false;
  const std::uint64_t size_bytes = std::uint64_t{*entries} * sizeof(platform::MacAddress);
  return size_bytes <= from.size_bytes() && from.skip(size_bytes) == size_bytes;
}

}  // namespace

runtime::Task<> Net::control(Queue& queue) {
  for (;;) {
    const bool open = co_await queue.kicked();
    if (!open) co_return;
    while (auto chain = queue.pop()) {
      const Answer answer = carry_out(chain->readable);
      const bool answered = chain->writable.write(answer);
      queue.push(std::move(*chain), answered ? sizeof answer : 0);
    }
  }
}

NetControlAnswer Net::carry_out(Reader& command) {
  const auto header = command.read<NetControlHeader>();
  if (!header) return Answer::Error;
  switch (header->control_class) {
    case NetControlClass::Rx:
      return set_receive_mode(header->command, command);
    case NetControlClass::Mac:
      return set_addresses(header->command, command);
    case NetControlClass::Mq:
      return set_pairs(header->command, command);
    case NetControlClass::GuestOffloads:
      return set_guest_offloads(header->command, command);
  }
  return Answer::Error;
}

/// 5.1.6.5.1: filters may let more through than asked for. Ours lets through all: the guest's own
/// look at each frame is cheaper than ours before it.
NetControlAnswer Net::set_receive_mode(std::uint8_t command, Reader& rest) const {
  const bool known = command <= static_cast<std::uint8_t>(RxCommand::AllMulticast);
  return ok_if(accepted_.has(CtrlRx) && known && rest.read<std::uint8_t>().has_value());
}

NetControlAnswer Net::set_addresses(std::uint8_t command, Reader& rest) {
  switch (static_cast<MacCommand>(command)) {
    case MacCommand::TableSet: {
      const bool unicast = skip_table(rest);
      const bool multicast = skip_table(rest);
      return ok_if(accepted_.has(CtrlRx) && unicast && multicast);
    }
    case MacCommand::AddressSet: {
      const auto mac = rest.read<platform::MacAddress>();
      if (!accepted_.has(CtrlMacAddr) || !mac) return Answer::Error;
      config_.with([&](NetConfigSpace& now) { now.mac = *mac; });
      return Answer::Ok;
    }
  }
  return Answer::Error;
}

NetControlAnswer Net::set_pairs(std::uint8_t command, Reader& rest) {
  const auto used = rest.read<std::uint16_t>();
  const bool known = command == static_cast<std::uint8_t>(PairsCommand::Set);
  if (!accepted_.has(Mq) || !known || !used || *used < 1 || *used > pairs()) return Answer::Error;
  use_pairs(*used);
  return Answer::Ok;
}

NetControlAnswer Net::set_guest_offloads(std::uint8_t command, Reader& rest) {
  const auto bits = rest.read<std::uint64_t>();
  const bool known = command == static_cast<std::uint8_t>(OffloadsCommand::Set);
  if (!accepted_.has(CtrlGuestOffloads) || !known || !bits) return Answer::Error;
  const Features wanted = Features::from_raw(*bits);
  if (!(accepted_ & all_guest_offloads).has_all(wanted)) return Answer::Error;
  give(wanted);
  return Answer::Ok;
}

}  // namespace devices::virtio
