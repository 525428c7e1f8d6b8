// The process's exit status: part of the command line's contract (README.md).
#pragma once

namespace vmm::exit_status {

// From <sysexits.h>, spelt out because scripts rely on the numbers.
inline constexpr int guest_ended = 0;          // power-off, reset with --on-reset exit, Ctrl-Q q
inline constexpr int bad_usage = 64;           // the command line itself
inline constexpr int bad_input = 65;           // a kernel, initrd or other file it names
inline constexpr int guest_crashed = 70;       // triple fault, or a state the processor cannot run
inline constexpr int host_failure = 71;        // the host refused something we needed
inline constexpr int stopped_by_signal = 128;  // plus the signal's number

}  // namespace vmm::exit_status
