// Stopping.                                                                    [MSDN KeBugCheckEx]
//   Any IRQL, whatever is held or broken: no lock is taken, because its holder may be among the
//   frozen.
#include "ke/bugcheck_callbacks.hpp"
#include "ke/exception.hpp"
#include "rtl/line.hpp"

namespace mica::ke {
namespace {

using rtl::Hex;
using rtl::Line;

struct Stop {
  ULONG code;
  ULONG_PTR parameters[4];
  std::uint64_t frame;                        // where the backtrace begins; 0: here
  std::uint64_t instruction;                  // of a fault, else 0
  std::span<std::uint64_t const> trace = {};  // the backtrace; empty: the machine's
};

void print_place(std::uint64_t address) noexcept {
  Line line;
  line << "  " << Hex{address, 16};
  static_cast<void>(put_place(line, "  ", address));
}

void print_code(Stop const& stop) noexcept {
  Line line;
  line << "*** STOP: " << Hex{stop.code, 8};
  char const* separator = " (";
  for (ULONG_PTR const parameter : stop.parameters) {
    line << separator << Hex{parameter, 16};
    separator = ",";
  }
  line << ")";
}

void print(Stop const& stop) noexcept {
  print_code(stop);
  Line{} << bugcheck_name(stop.code);
  Line{} << "processor " << Machine::processor_number() << ", IRQL " << Machine::irql();
  if (stop.instruction != 0) print_place(stop.instruction);
  for (std::uint64_t const address : stop.trace) print_place(address);
  if (!stop.trace.empty()) return;
  std::uint64_t addresses[longest_trace];
  std::size_t const count = Machine::backtrace(stop.frame, addresses, std::size(addresses));
  for (std::size_t i = 0; i < count; ++i) print_place(addresses[i]);
}

// Only the first processor goes on. One that comes here again had its bugcheck go wrong: there is
// nothing left to try.
void win(BugcheckState& bugcheck) noexcept {
  std::uint32_t const self = Machine::processor_number() + 1;
  std::uint32_t owner = 0;
  if (bugcheck.owner.compare_exchange_strong(owner, self)) return;
  if (owner == self) Machine::stop(hal::Verdict::bugcheck);
  for (;;) Machine::await(bugcheck.owner, owner);  // until it freezes us
}

[[noreturn]] void stop_system(Stop const& stop) noexcept {
  BugcheckState& bugcheck = state().bugcheck;
  if (bugcheck.divert != nullptr) bugcheck.divert(stop.code, stop.parameters, stop.frame);
  KIRQL const irql = Machine::irql();
  win(bugcheck);
  bugcheck.code = stop.code;
  std::copy(std::begin(stop.parameters), std::end(stop.parameters), bugcheck.parameters);
  Machine::freeze_others();
  print(stop);
  if (irql < HIGH_LEVEL) static_cast<void>(Machine::raise(HIGH_LEVEL));
  run_bugcheck_callbacks(bugcheck);
  Machine::stop(hal::Verdict::bugcheck);
}

}  // namespace

bool NTAPI put_place(Line& line, std::string_view before, std::uint64_t address) noexcept {
  hal::SymbolName const symbol = Machine::symbol_name(address);
  auto const of_image = state().exceptions.put_place;
  if (symbol.name == nullptr) return of_image != nullptr && of_image(line, before, address);
  line << before << symbol.name << "+" << Hex{symbol.offset};
  return true;
}

void NTAPI bugcheck(ULONG code, ULONG_PTR first, ULONG_PTR second, ULONG_PTR third,
                    ULONG_PTR fourth) noexcept {
  stop_system({code, {first, second, third, fourth}, 0, 0});
}

void NTAPI bugcheck_at(std::span<std::uint64_t const> trace, ULONG code, ULONG_PTR first,
                       ULONG_PTR second, ULONG_PTR third, ULONG_PTR fourth) noexcept {
  stop_system({code, {first, second, third, fourth}, 0, 0, trace});
}

void NTAPI raise(EXCEPTION_RECORD& record) noexcept {
  if (state().exceptions.raise != nullptr) state().exceptions.raise(record);
}

void NTAPI raise_status(NTSTATUS status, void* caller) noexcept {
  EXCEPTION_RECORD record{};
  record.ExceptionCode = status;
  record.ExceptionFlags = EXCEPTION_NONCONTINUABLE;
  raise(record);
  bugcheck(KMODE_EXCEPTION_NOT_HANDLED, static_cast<ULONG>(status), as_parameter(caller));
}

namespace {

// The vectors that UNEXPECTED_KERNEL_MODE_TRAP names. [SDM 3A, "Exception and Interrupt Vectors"]
constexpr ULONG_PTR double_fault_vector = 8;

constexpr ULONG_PTR access_of(hal::Fault const& fault, ULONG_PTR write,
                              ULONG_PTR execute) noexcept {
  return fault.execute ? execute : fault.write ? write : 0;
}

Stop page_fault(hal::Fault const& fault) noexcept {
  auto const asked = state().bugcheck.fault_code;
  if (ULONG const code = asked != nullptr ? asked(fault.address) : 0; code != 0)
    return {code, {fault.address, access_of(fault, 1, 0), fault.instruction, 0}, 0, 0};
  // [MSDN Bug Check 0xA, 0xD1]: 1 is a write, 8 an execution
  auto const is_in_image = state().exceptions.is_in_image;
  bool const in_driver = is_in_image != nullptr && is_in_image(fault.instruction);
  if (fault.irql >= DISPATCH_LEVEL)
    return {in_driver ? ULONG{DRIVER_IRQL_NOT_LESS_OR_EQUAL} : ULONG{IRQL_NOT_LESS_OR_EQUAL},
            {fault.address, fault.irql, access_of(fault, 1, 8), fault.instruction},
            0,
            0};
  // [MSDN Bug Check 0x50]: 2 is a write, 0x10 an execution
  return {PAGE_FAULT_IN_NONPAGED_AREA,
          {fault.address, access_of(fault, 2, 0x10), fault.instruction, 0},
          0,
          0};
}

Stop exception(NTSTATUS status, hal::Fault const& fault) noexcept {
  return {KMODE_EXCEPTION_NOT_HANDLED, {static_cast<ULONG>(status), fault.instruction, 0, 0}, 0, 0};
}

Stop trap(ULONG_PTR vector, hal::Fault const& fault) noexcept {
  return {UNEXPECTED_KERNEL_MODE_TRAP,
          {vector, fault.error_code, fault.instruction, fault.stack},
          0,
          0};
}

Stop stop_of(hal::Fault const& fault) noexcept {
  switch (fault.kind) {
    case hal::FaultKind::page_fault:
      return page_fault(fault);
    case hal::FaultKind::invalid_opcode:
    case hal::FaultKind::divide_error:
    case hal::FaultKind::general_protection:
    case hal::FaultKind::breakpoint:
      return exception(exception_of(fault), fault);
    case hal::FaultKind::machine_check:
      return {MACHINE_CHECK_EXCEPTION, {fault.error_code, 0, 0, 0}, 0, 0};
    case hal::FaultKind::stack_overflow:
    case hal::FaultKind::double_fault:
      return trap(double_fault_vector, fault);
    case hal::FaultKind::other:
      break;
  }
  return trap(fault.vector, fault);
}

}  // namespace

NTSTATUS exception_of(hal::Fault const& fault) noexcept {
  switch (fault.kind) {
    case hal::FaultKind::page_fault:
    case hal::FaultKind::general_protection:
      return STATUS_ACCESS_VIOLATION;
    case hal::FaultKind::invalid_opcode:
      return STATUS_ILLEGAL_INSTRUCTION;
    case hal::FaultKind::divide_error:
      return STATUS_INTEGER_DIVIDE_BY_ZERO;
    case hal::FaultKind::breakpoint:
      return STATUS_BREAKPOINT;
    case hal::FaultKind::machine_check:
    case hal::FaultKind::stack_overflow:
    case hal::FaultKind::double_fault:
      return STATUS_SUCCESS;
    case hal::FaultKind::other:
      break;
  }
  switch (fault.vector) {  // [SDM 3A, "Exception and Interrupt Vectors"]
    case 1:
      return STATUS_SINGLE_STEP;
    case 4:
      return STATUS_INTEGER_OVERFLOW;
    case 5:
      return STATUS_ARRAY_BOUNDS_EXCEEDED;
    case 16:
      return STATUS_FLOAT_MULTIPLE_FAULTS;
    case 17:
      return STATUS_DATATYPE_MISALIGNMENT;
    case 19:
      return STATUS_FLOAT_MULTIPLE_TRAPS;
    default:
      return STATUS_SUCCESS;
  }
}

bool is_idle(Thread const& thread) noexcept {
  return thread.priority.load(std::memory_order_relaxed) == idle_priority;
}

void NTAPI fault(hal::Fault const& fault) noexcept {
  if (state().exceptions.fault != nullptr) state().exceptions.fault(fault);
  Stop stop = stop_of(fault);
  stop.frame = fault.frame;
  stop.instruction = fault.instruction;
  stop_system(stop);
}

}  // namespace mica::ke

namespace mica {

void NTAPI assertion_failed(char const* expression, char const* file, int line) noexcept {
  rtl::Line{} << "Assertion failed: " << expression;
  rtl::Line{} << "  " << file << ":" << static_cast<std::uint64_t>(line);
  ke::bugcheck(KMODE_EXCEPTION_NOT_HANDLED, static_cast<ULONG>(STATUS_ASSERTION_FAILURE),
               ke::as_parameter(__builtin_return_address(0)));
}

}  // namespace mica

void NTAPI KeBugCheckEx(ULONG BugCheckCode, ULONG_PTR BugCheckParameter1,
                        ULONG_PTR BugCheckParameter2, ULONG_PTR BugCheckParameter3,
                        ULONG_PTR BugCheckParameter4) {
  mica::ke::bugcheck(BugCheckCode, BugCheckParameter1, BugCheckParameter2, BugCheckParameter3,
                     BugCheckParameter4);
}

void NTAPI KeBugCheck(ULONG BugCheckCode) {
  mica::ke::bugcheck(BugCheckCode);
}
