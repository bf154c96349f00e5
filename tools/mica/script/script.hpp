// A script: what is asked of a driver, and what is expected of it. docs/run.md is its language.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "script/mistake.hpp"

namespace mica::script {

using Bytes = std::vector<std::byte>;
using Time = std::uint64_t;                          // 100 ns
inline constexpr Time usual_patience = 100'000'000;  // ten seconds

// What comes back; an empty one is any byte.
struct Pattern {
  std::vector<std::optional<std::byte>> bytes;
  bool more = false;  // whatever follows
};

// What a request came to: one of the statuses; without any it must have succeeded. Count and bytes
// are those of a success, or of the first status.
struct Expectation {
  Place where;
  std::vector<std::int32_t> statuses;
  std::optional<std::uint64_t> count;
  std::optional<Pattern> bytes;
};

struct Open {
  std::u16string path;
  std::string file;
  Expectation expected;
};

enum class Transfer : std::uint8_t { read, write, control };

struct Request {
  Transfer kind;
  std::string file;
  std::uint32_t code = 0;    // control
  Bytes input{};             // write, control
  std::uint32_t output = 0;  // read, control: how many bytes may come back
  std::optional<std::uint64_t> offset{};
  std::string name{};  // not empty: it is made, and waited for by this name
  Time patience = usual_patience;
  Expectation expected{};
};

struct Wait {
  std::string name;  // of a request or a thread
  Time patience = usual_patience;
  Expectation expected;
};

struct Cancel {
  std::string name;
  bool of_file;  // all that pend of a file; else a request
  Expectation expected;
};

struct ExpectPending {
  std::string request;
};

struct ExpectLog {
  std::string text;
  bool absent = false;
};

struct Advance {
  Time by;
};

struct Close {
  std::string file;
  Expectation expected;
};

struct Unload {
  Expectation expected;
};

// A device of the tool's option --devices goes: its drivers are asked, or it is gone.
struct Unplug {
  std::string device;
  bool asks;
  Expectation expected;
};

// A register of a device of --devices, by its device's name and its own.
struct RegisterName {
  std::string device, name;
};

struct ExpectRegister {
  RegisterName which;
  std::uint64_t value;
};

struct SetRegister {
  RegisterName which;
  std::uint64_t value;
};

// Behind what is in its queue.
struct PutRegister {
  RegisterName which;
  std::vector<std::uint64_t> values;
};

struct Interrupt {
  std::string device;
};

struct Statement;

struct Thread {
  std::string name;
  std::vector<Statement> body;
};

struct Statement {
  Place where;
  std::variant<Open, Request, Wait, Cancel, ExpectPending, ExpectLog, ExpectRegister, SetRegister,
               PutRegister, Interrupt, Advance, Close, Unplug, Unload, Thread>
      what;
};

struct Script {
  std::vector<Statement> statements;
};

// Throws Mistake.
[[nodiscard]] Script parse(std::string_view text);

}  // namespace mica::script
