// How Mayfly and its helper for user networking talk.
//
// The helper is a process of its own, because libslirp comes as a shared library alone and Mayfly
// is one file without any; and because there it can be given up its rights. It is started as
//
//   mayfly-user-net MTU [FORWARD]...
//
// with one end of a SOCK_SEQPACKET pair as descriptor 3. It first sends one message, `greeting`
// if all is well, and otherwise a line that says what is not, and ends. From then on each message
// is an Ethernet frame. It ends when the other end is closed.
#pragma once

#include <string_view>

namespace platform::user_net {

inline constexpr int socket_descriptor = 3;
inline constexpr std::string_view greeting = "ready";

}  // namespace platform::user_net
