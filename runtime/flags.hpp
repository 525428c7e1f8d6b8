// Flags<Enum>: the bits of one register, typed, so that a bit of another register does not
// compile. Field<T, lsb, msb>: several bits of a register read as one value.
#pragma once

#include <concepts>
#include <initializer_list>
#include <type_traits>

namespace runtime {

/// A set of bits of `Enum`, an `enum class` whose enumerators are the register's bit masks.
/// Bits without an enumerator are kept: a guest may write them and read them back.
template <typename Enum>
requires std::is_enum_v<Enum> && std::unsigned_integral<std::underlying_type_t<Enum>>
class Flags {
 public:
  using Raw = std::underlying_type_t<Enum>;

  constexpr Flags() = default;
  constexpr Flags(Enum bit) : raw_{static_cast<Raw>(bit)} {}
  constexpr Flags(std::initializer_list<Enum> bits) {
    for (const Enum bit : bits) set(bit);
  }
  [[nodiscard]] static constexpr Flags from_raw(Raw raw) {
    Flags flags;
    flags.raw_ = raw;
    return flags;
  }

  [[nodiscard]] constexpr Raw raw() const { return raw_; }
  [[nodiscard]] constexpr bool empty() const { return raw_ == 0; }
  [[nodiscard]] constexpr bool has(Enum bit) const { return has_all(bit); }
  [[nodiscard]] constexpr bool has_all(Flags bits) const { return (raw_ & bits.raw_) == bits.raw_; }
  [[nodiscard]] constexpr bool has_any(Flags bits) const { return (raw_ & bits.raw_) != 0; }

  constexpr Flags& set(Flags bits) { return *this = *this | bits; }
  constexpr Flags& clear(Flags bits) { return *this = *this - bits; }
  /// Sets the bits if `on`, clears them if not.
  constexpr Flags& assign(Flags bits, bool on) { return on ? set(bits) : clear(bits); }

  friend constexpr Flags operator|(Flags a, Flags b) {
    return from_raw(static_cast<Raw>(a.raw_ | b.raw_));
  }
  friend constexpr Flags operator&(Flags a, Flags b) {
    return from_raw(static_cast<Raw>(a.raw_ & b.raw_));
  }
  /// The bits of `a` that are not in `b`.
  friend constexpr Flags operator-(Flags a, Flags b) {
    return from_raw(static_cast<Raw>(a.raw_ & static_cast<Raw>(~b.raw_)));
  }
  friend constexpr bool operator==(Flags, Flags) = default;

 private:
  Raw raw_ = 0;
};

/// Bits lsb..msb, both included, of a register, as a `T` (an enum or an unsigned integer).
template <typename T, unsigned lsb, unsigned msb>
struct Field {
  static_assert(lsb <= msb && msb < 64);

  template <std::unsigned_integral Raw>
  [[nodiscard]] static constexpr T get(Raw raw) {
    return static_cast<T>((raw & mask<Raw>()) >> lsb);
  }
  /// `raw` with the field replaced by `value`; bits of `value` beyond the field are dropped.
  template <std::unsigned_integral Raw>
  [[nodiscard]] static constexpr Raw with(Raw raw, T value) {
    const auto shifted = static_cast<Raw>(static_cast<Raw>(value) << lsb);
    return static_cast<Raw>((raw & static_cast<Raw>(~mask<Raw>())) | (shifted & mask<Raw>()));
  }
  template <std::unsigned_integral Raw>
  [[nodiscard]] static constexpr Raw mask() {
    static_assert(msb < 8 * sizeof(Raw), "the field lies outside the register");
    return static_cast<Raw>((~0ULL >> (63 - (msb - lsb))) << lsb);
  }
};

}  // namespace runtime
