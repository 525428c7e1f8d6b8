// What ACPICA's compiler and disassembler say about a table.
#pragma once

#include <string>

#include "loader/bytes.hpp"

/// Disassembles a table and compiles the outcome again, both without a complaint and to the same
/// bytes. Returns the disassembly. One complaint is excused: 6033 is about the five letters of
/// "VMBus", which are what Hyper-V's guests look for.
[[nodiscard]] std::string disassembled(const loader::Bytes& table);
