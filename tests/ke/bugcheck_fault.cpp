// What a fault stops with, and what its screen says.
//   [MSDN Bug Check 0xA, 0x1E, 0x50, 0x7F, 0x9C]
#include <mica/system.hpp>

#include <dlfcn.h>

#include <cstdio>
#include <string>

#include "base/assert.hpp"
#include "catch.hpp"
#include "ke/bugcheck.hpp"

using mica::hal::Fault;
using mica::hal::FaultKind;

namespace {

constexpr std::uint64_t address = 0x1000'2000, instruction = 0x3000'4000, stack = 0x5000'6000;
constexpr std::uint64_t error_code = 0x77, vector = 19;
constexpr std::uint64_t no_place = 0;

Fault made(FaultKind kind, KIRQL irql = PASSIVE_LEVEL, bool write = false, bool execute = false) {
  return {.kind = kind,
          .write = write,
          .execute = execute,
          .irql = irql,
          .vector = vector,
          .error_code = error_code,
          .address = address,
          .instruction = instruction,
          .stack = stack,
          .frame = 0,
          .registers = nullptr};
}

struct Row {
  Fault fault;
  std::uint32_t code;
  std::array<std::uint64_t, 4> parameters;
};

Row const rows[] = {
    {made(FaultKind::page_fault), PAGE_FAULT_IN_NONPAGED_AREA, {address, 0, instruction, 0}},
    {made(FaultKind::page_fault, APC_LEVEL, true),
     PAGE_FAULT_IN_NONPAGED_AREA,
     {address, 2, instruction, 0}},
    {made(FaultKind::page_fault, PASSIVE_LEVEL, false, true),
     PAGE_FAULT_IN_NONPAGED_AREA,
     {address, 0x10, instruction, 0}},
    {made(FaultKind::page_fault, DISPATCH_LEVEL),
     IRQL_NOT_LESS_OR_EQUAL,
     {address, DISPATCH_LEVEL, 0, instruction}},
    {made(FaultKind::page_fault, HIGH_LEVEL, true),
     IRQL_NOT_LESS_OR_EQUAL,
     {address, HIGH_LEVEL, 1, instruction}},
    {made(FaultKind::page_fault, DISPATCH_LEVEL, false, true),
     IRQL_NOT_LESS_OR_EQUAL,
     {address, DISPATCH_LEVEL, 8, instruction}},
    {made(FaultKind::invalid_opcode),
     KMODE_EXCEPTION_NOT_HANDLED,
     {static_cast<ULONG>(STATUS_ILLEGAL_INSTRUCTION), instruction, 0, 0}},
    {made(FaultKind::divide_error),
     KMODE_EXCEPTION_NOT_HANDLED,
     {static_cast<ULONG>(STATUS_INTEGER_DIVIDE_BY_ZERO), instruction, 0, 0}},
    {made(FaultKind::general_protection),
     KMODE_EXCEPTION_NOT_HANDLED,
     {static_cast<ULONG>(STATUS_ACCESS_VIOLATION), instruction, 0, 0}},
    {made(FaultKind::breakpoint),
     KMODE_EXCEPTION_NOT_HANDLED,
     {static_cast<ULONG>(STATUS_BREAKPOINT), instruction, 0, 0}},
    {made(FaultKind::machine_check), MACHINE_CHECK_EXCEPTION, {error_code, 0, 0, 0}},
    // 8 is the double fault's vector: nothing else is left to say of a stack that is used up.
    {made(FaultKind::stack_overflow),
     UNEXPECTED_KERNEL_MODE_TRAP,
     {8, error_code, instruction, stack}},
    {made(FaultKind::double_fault),
     UNEXPECTED_KERNEL_MODE_TRAP,
     {8, error_code, instruction, stack}},
    {made(FaultKind::other), UNEXPECTED_KERNEL_MODE_TRAP, {vector, error_code, instruction, stack}},
};

std::string line_of(std::uint64_t place) {
  char text[32];
  std::snprintf(text, sizeof text, "\n  0x%016llX", static_cast<unsigned long long>(place));
  return text;
}

bool has(mica::System const& system, std::string const& text) {
  return system.log().find(text) != std::string_view::npos;
}

}  // namespace

TEST_CASE("ke: each kind of fault stops with its code and parameters") {
  for (Row const& row : rows) {
    mica::System system;
    mica::Outcome const end = system.try_run([&] { mica::ke::fault(row.fault); });
    INFO(static_cast<int>(row.fault.kind) << " " << end.report());
    CHECK(end.is_bugcheck(row.code));
    CHECK(end.parameters() == row.parameters);
    CHECK(has(system, line_of(instruction) + "\n"));
  }
}

TEST_CASE("ke: the screen of a bugcheck says where: processor, level, callers by name") {
  // A function that the loader knows by name, and two frames as a fault finds them.
  auto const place = reinterpret_cast<std::uint64_t>(::dlsym(RTLD_DEFAULT, "abort")) + 1;
  Dl_info symbol;
  REQUIRE(::dladdr(reinterpret_cast<void*>(place), &symbol) != 0);
  mica::System system{{.processors = 2}};
  mica::Outcome const end = system.try_run([&] {
    KeSetSystemAffinityThread(2);
    KIRQL const old = KfRaiseIrql(APC_LEVEL);
    // Each is the address of the next one, and where that one is continued.
    std::uint64_t frames[] = {0, place, 0, 0xABC0};
    frames[0] = reinterpret_cast<std::uint64_t>(frames + 2);
    Fault fault = made(FaultKind::other);
    fault.frame = reinterpret_cast<std::uint64_t>(frames);
    mica::ke::fault(fault);
    KeLowerIrql(old);
  });
  CHECK(end.is_bugcheck(UNEXPECTED_KERNEL_MODE_TRAP));
  INFO(system.log());
  CHECK(has(system, "\nprocessor 1, IRQL 1\n"));
  CHECK(has(system, line_of(instruction) + line_of(place) + "  " + symbol.dli_sname + "+0x1" +
                        line_of(0xABC0) + "\n"));
  CHECK_FALSE(has(system, line_of(0xABC0) + "\n  0x"));  // nor any that is none
}

TEST_CASE("ke: a bugcheck without a fault names no instruction, but its callers") {
  mica::System system;
  CHECK(system.try_run([] { KeBugCheck(MANUALLY_INITIATED_CRASH); })
            .is_bugcheck(MANUALLY_INITIATED_CRASH));
  CHECK_FALSE(has(system, line_of(no_place)));
  CHECK(has(system, "\n  0x0000"));
}

TEST_CASE("ke: an assertion that fails stops with its text and place") {
  mica::System system;
  mica::Outcome const end =
      system.try_run([] { mica::assertion_failed("one == two", "some/file.cpp", 42); });
  CHECK(end.is_bugcheck(KMODE_EXCEPTION_NOT_HANDLED, static_cast<ULONG>(STATUS_ASSERTION_FAILURE)));
  CHECK(has(system, "Assertion failed: one == two\n  some/file.cpp:42\n"));
}
