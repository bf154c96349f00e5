// What a text says of a device's registers, for whoever plays the device (docs/pnp.md): which there
// are in its port and memory ranges, and what comes of reading and writing them.
//   As of devices nothing is allocated, and all that is found are parts of the text. Any IRQL.
#pragma once

#include <nt/ntdef.h>

#include <cstdint>
#include <string_view>

#include "pnp/words.hpp"

namespace mica::pnp {

struct Resource;
struct Mistake;

// Bits of a register: all of `mask`, or those that are set in the register of that name.
struct Bits {
  bool there = false;
  std::string_view name;
  std::uint64_t mask = 0;
};

// While one of these bits of another register is set. No name: always.
struct Condition {
  std::string_view name;
  std::uint64_t mask = 0;
};

// A number, or what was read or written.
struct Operand {
  bool is_value = false;
  bool inverted = false;
  std::uint64_t number = 0;
};

struct Register {
  std::string_view name;
  UCHAR type;      // CmResourceTypePort or CmResourceTypeMemory
  unsigned range;  // which of these the device has, from 0
  std::uint64_t offset;
  std::uint32_t bytes;  // its width; of memory how much there is
  bool is_ram;          // memory, to be read and written in any width
  std::uint64_t value;
  std::uint64_t mask;  // bits that a write changes
  bool read_only, write_only;
  bool read_clears;        // then it is zero
  bool write_clears;       // the bits that are written as ones
  std::string_view queue;  // numbers between spaces: what is read, one after the other
  Bits raises;             // while one of these bits is set, the device's interrupt is raised
  Condition condition;     // without it this one is not there
  Condition ready;         // bits of another register, set while there is something in the queue
};

enum class Act : std::uint8_t { assign, set_bits, keep_bits, put, interrupt };

// What comes of reading or writing a register: `on`.
struct Reaction {
  bool to_write;
  bool matches;  // only if what was read or written has these bits of `of`
  std::uint64_t match, of;
  Condition condition;
  Act act;
  std::string_view target;
  Operand operand;
  std::uint64_t after_100ns;
};

struct RegisterLine {
  bool is_reaction;  // to the register before it
  Register what;     // else
  Reaction reaction;
};

// Which range registers are of: the last port or memory range above them.
class RegisterPlace {
 public:
  void take(Resource const& resource) noexcept;

  // What follows `register`, `ram` or `on`, as `kind` says; what was expected instead of the last
  // word, or null.
  [[nodiscard]] char const* read(std::string_view kind, Words& words, RegisterLine& line) noexcept;

 private:
  [[nodiscard]] char const* read_register(Words& words, bool is_ram, Register& what) noexcept;

  UCHAR type_ = 0;  // none yet
  unsigned ports_ = 0, memories_ = 0;
  std::uint32_t length_ = 0;
  bool has_register_ = false;
};

[[nodiscard]] constexpr bool is_register_line(std::string_view kind) noexcept {
  return kind == "register" || kind == "ram" || kind == "on";
}

// Of the text of a device that DeviceReader found no mistake in.
class RegisterReader {
 public:
  explicit RegisterReader(std::string_view device) noexcept : text_{device} {}

  // The next one. False: there is none.
  [[nodiscard]] bool next(RegisterLine& line) noexcept;

 private:
  std::string_view text_;
  std::size_t at_ = 0;
  RegisterPlace place_;
};

// ---- register_names.cpp

// Whether all names of registers in a device's text stand for one, and each for one only. Else
// where not, with lines counted from `first_line`.
[[nodiscard]] bool check_registers(std::string_view device, unsigned first_line, bool has_interrupt,
                                   Mistake& mistake) noexcept;

}  // namespace mica::pnp
