// The serial port that is console and debug port: SPCR and DBG2.
//
// Spec: Microsoft, "Serial Port Console Redirection Table" (version 1.03, revision 2) and "Debug
//       Port Table 2" (DBG2), of which the former takes its kinds of ports.
#pragma once

#include "loader/arm64/machine.hpp"
#include "loader/bytes.hpp"

namespace loader::acpi::arm64 {

/// Linux makes it the console, unless the command line names another, and what a bare `earlycon`
/// means.
[[nodiscard]] Bytes make_spcr(const loader::arm64::SerialPort& port);

[[nodiscard]] Bytes make_dbg2(const loader::arm64::SerialPort& port);

}  // namespace loader::acpi::arm64
