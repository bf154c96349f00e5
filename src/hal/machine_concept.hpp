// The seam: everything the executive asks of the machine below it.
//
// A machine is one struct `mica::Machine` of static members, chosen by include path
// (`<machine.hpp>` of src/hal_host or src/hal_x64). It is never a template argument and nobody
// above asks which one it is. Hot members are inline; every member that is out of line is NTAPI,
// because callers are. tests/hal/ is this contract as a suite; both machines pass it.
//
// ---- Processor ----------------------------------------------------------------------------------
//   Processor         The machine's part of a processor's block. Begins with the KPCR; ke's block
//                     begins with it. Zero-filled is a valid initial state for all but the KPCR.
//   current()         The block of the processor this code runs on. IRQL >= DISPATCH_LEVEL: below
//                     it the thread may have moved by the time the caller looks.
//   current_thread()  Any IRQL, one instruction: preemption between two loads would give another
//   processor_number()  processor's value.
//   processor_count() How many processors this System has (1 to 16). Any IRQL.
//   start_processor(block, stack)
//                     Starts the processor whose KPCR number stands in `block`: it calls
//                     Handlers::idle at DISPATCH_LEVEL on `stack`. Called by processor 0, IRQL <=
//                     APC_LEVEL; may wait. False if the processor did not come up.
//   send_ipi(number)  Makes Handlers::ipi run at IPI_LEVEL on that processor (another or the own
//                     one), after every store the caller made before. Requests that meet merge into
//                     one. IRQL >= DISPATCH_LEVEL.
//   request_interrupt(number, vector)
//                     What a device's message does: Handlers::device(vector) runs on that processor
//                     (another or the own one) at level vector >> 4, after every store the caller
//                     made before. Requests of one vector that meet merge into one; of several
//                     vectors of one level the highest comes first. IRQL >= DISPATCH_LEVEL.
//   first_device_vector, last_device_vector
//                     The vectors that devices may have: their levels are all between
//                     DISPATCH_LEVEL and CLOCK_LEVEL. An edge is all that a machine knows: who
//                     stands for a device whose line stays raised requests again until it is
//                     served.
//   freeze_others()   Stops every other processor for ever, whatever its IRQL: for a bugcheck. Any
//                     IRQL.
//   halt()            The idle thread waits for an interrupt. Entered with interrupts disabled by
//                     disable_interrupts() below DISPATCH_LEVEL; enabling them and halting is one
//                     act, so an interrupt that was requested after they were disabled is not slept
//                     through. Returns with interrupts enabled, after an interrupt was taken: it
//                     may have been the machine's own, so look again.
//   await(word, seen) The spin hint, *before* each try of a lock or poll: may return at once, or
//                     sleep until the atomic differs from `seen`. A word is a std::atomic or
//                     std::atomic_ref of 1, 4 or 8 bytes. Any IRQL. Orders nothing.
// ---- IRQL ---------------------------------------------------------------------------------------
//   irql()            The processor's level, 0 to 15.
//   raise(level)      Sets it to `level` >= irql() and returns the old one. Nothing at or below
//                     `level` is delivered from its return on.
//   lower(level)      Sets it to `level` <= irql(). What became pending above `level` is delivered
//                     before it returns, highest first. Neither checks its argument: KeRaiseIrql
//                     does.
//   request_dispatch() A software interrupt at DISPATCH_LEVEL on this processor: Handlers::dispatch
//                     runs once the level is below DISPATCH_LEVEL; requests merge. IRQL >=
//                     DISPATCH_LEVEL.
//   request_apc()     The same at APC_LEVEL: Handlers::apc runs once the level is below APC_LEVEL,
//                     in whichever thread runs here then. IRQL >= DISPATCH_LEVEL.
//   disable_interrupts() / restore_interrupts(bool)
//                     Masks what the level does not; returns whether they were enabled before.
//                     Short sections.
//   Delivery raises the level to the interrupt's, signals its end to the controller, then runs the
//   handler with interrupts enabled; only then may the handler switch contexts (those at APC_LEVEL
//   and DISPATCH_LEVEL do), and on its return the level is what it was.
// ---- Context ------------------------------------------------------------------------------------
//   Context           A saved flow of control. Zero-filled is valid and saved nowhere.
//   make_context(context, stack, entry, argument)
//                     The context calls entry(argument), which never returns, on `stack`, at the
//                     level of the switch.
//   switch_context(from, to)
//                     Saves into `from` and continues `to`. IRQL DISPATCH_LEVEL. `from` is
//                     complete, and may be switched to by any processor, from the moment the code
//                     that continues runs: never before. Floating-point control and the
//                     callee-saved registers are part of it.
//   release_context(context)
//                     The context will never be continued; its stack may be reused.
//   call_on_stack(stack, function, argument)
//                     Calls function(argument) on `stack` and returns when it does. IRQL >=
//                     DISPATCH_LEVEL, also when function is entered and when it returns; meanwhile
//                     it may lower the level, switch contexts and come back on another processor:
//                     the caller's context has moved to that stack. backtrace() finds the caller.
//   extended_features()
//                     The extended registers that kernel code may use if it saves them, as bits of
//                     XCR0; the same on every processor. Any IRQL.
//   extended_area_bytes()
//                     What an area for all of them takes, hal::largest_extended_area at most.
//   save_extended(area, features)
//                     Stores those registers of this processor; changes none, and of the area's
//                     header only the word of features. `area` is aligned to
//                     hal::extended_alignment. Any IRQL.
//   restore_extended(area, features)
//                     Loads what was saved there, a header that is zero but for its features; those
//                     of `features` that it does not hold become initial. The caller's
//                     registers change, callee-saved ones too: it returns next. No switch_context
//                     keeps more than the convention's.
//   stack_size        Bytes of a kernel stack; stack_guard: bytes below it that must stay unmapped.
// ---- Time ---------------------------------------------------------------------------------------
//   interrupt_time()  100 ns since start; never backwards, on whichever processor one looks. Any
//                     IRQL.
//   performance_counter(), performance_frequency()
//                     The finest counter, and its ticks a second. Any IRQL.
//   boot_system_time_100ns()
//                     The system time (since 1601) at interrupt time 0.
//   arm_clock(due)    Handlers::clock runs on this processor at CLOCK_LEVEL, once, at or after
//                     `due`. Replaces what was armed; `never` disarms. IRQL >= DISPATCH_LEVEL.
//   stall(microseconds)  Spends that much time. Any IRQL.
//   shared_user_data() The System's KUSER_SHARED_DATA page, zero at first, written by the clock: on
//                     x64 mapped at 0xFFFFF78000000000, where drivers read it inline. Any IRQL.
// ---- Memory -------------------------------------------------------------------------------------
//   physical_memory() The ranges of usable physical pages: a span of PageRange. What the machine
//                     itself occupies is not among them.
//   system_space()    The virtual range that mm hands out (system PTEs). Nothing is mapped there at
//                     first.
//   direct(address)   Where physical memory in physical_memory() is always mapped, writable, not
//                     executable.
//   map(virtual, page, protection)    One page of system_space(). False if no table page could be
//   had.
//                     IRQL <= DISPATCH_LEVEL; concurrent calls must be for different pages.
//   unmap(virtual)    Accesses fault on this processor when it returns...
//   protect(virtual, protection)
//   flush(virtual, pages)   ...and on every processor when flush returns. IRQL <= DISPATCH_LEVEL.
//   memory_is_short() Whether an allocation that begins now must find no memory, though there may
//                     be some: what a test of its caller's error path wants. Any IRQL.
//   copy_guarded(to, from, bytes)     memcpy that returns false instead of faulting. Any IRQL.
//   compare_exchange_16(target, expected, desired)   cmpxchg16b: 16-byte aligned, sequentially
//   consistent.
// ---- World --------------------------------------------------------------------------------------
//   debug_output(text, bytes)   The debugger's console. Any IRQL; whole calls do not interleave.
//   debug_input()     A byte typed at the debugger's console (0 to 255), or -1: none waits. Any
//                     IRQL; one reader at a time. The host has no such console: always -1.
//   command_line()    The options this System was started with, as one string ("" when none). Any
//                     IRQL.
//   ram_disk()        The bytes that whoever started this System gave it beside the kernel; empty:
//                     none. Read-only, for as long as it lives. Any IRQL.
//   stop(verdict)     Ends this System for good; never returns. Any IRQL.
// ---- Diagnosis, for a bugcheck ------------------------------------------------------------------
//   backtrace(frame, addresses, capacity)
//                     Stores the return addresses found from frame pointer `frame` (as Fault::frame
//                     has it; 0: from the caller) outward, innermost first, and returns how many.
//                     Goes through interrupts; stops at the first frame it cannot trust, never
//                     faults. Any IRQL.
//   symbol_name(address)  The function around a code address and how far into it, or a null name.
//                         Any IRQL. The name lives as long as the System.
#pragma once

#include <nt/ke.h>

#include <atomic>
#include <concepts>
#include <cstddef>
#include <span>

#include "base/types.hpp"
#include "hal/handlers.hpp"

namespace mica::hal {

struct PageRange {
  PageNumber first;
  std::uint64_t count;
};

struct VirtualRange {
  std::byte* base;
  std::size_t bytes;
};

// A kernel stack: `base` is its lowest address.
struct Stack {
  void* base;
  std::size_t bytes;
};

enum class Protection : std::uint8_t {
  read_only,
  read_write,
  execute,
  no_access,
  write_execute,  // only what a driver's image says of itself is so
};

// A function's name and the distance from its beginning; `name` is null when nothing is known.
struct SymbolName {
  char const* name;
  std::uint64_t offset;
};

enum class Verdict : std::uint8_t { passed, failed, bugcheck };

// clang-format off
template <class M>
concept MachineLike = requires(
    KIRQL level, unsigned number, bool enabled, typename M::Processor& processor,
    typename M::Context& context, Stack stack, void(NTAPI* entry)(void*), void* pointer,
    std::atomic<std::uint32_t> const& word, std::atomic_ref<UCHAR> const& byte,
    std::atomic<void*> const& wide_word, InterruptTime due, PhysicalAddress address,
    PageNumber page, Protection protection, std::size_t bytes, char const* text,
    std::uint64_t* wide, Verdict verdict, std::uint64_t code, std::uint8_t vector) {
  { processor.pcr } -> std::same_as<KPCR&>;
  { M::current() } noexcept -> std::same_as<typename M::Processor&>;
  { M::current_thread() } noexcept -> std::same_as<PKTHREAD>;
  { M::processor_number() } noexcept -> std::same_as<ULONG>;
  { M::processor_count() } noexcept -> std::same_as<ULONG>;
  { M::start_processor(processor, stack) } noexcept -> std::same_as<bool>;
  { M::send_ipi(number) } noexcept -> std::same_as<void>;
  { M::request_interrupt(number, vector) } noexcept -> std::same_as<void>;
  { M::first_device_vector } -> std::convertible_to<std::uint8_t>;
  { M::last_device_vector } -> std::convertible_to<std::uint8_t>;
  { M::freeze_others() } noexcept -> std::same_as<void>;
  { M::halt() } noexcept -> std::same_as<void>;
  { M::await(word, std::uint32_t{}) } noexcept -> std::same_as<void>;
  { M::await(byte, UCHAR{}) } noexcept -> std::same_as<void>;
  { M::await(wide_word, pointer) } noexcept -> std::same_as<void>;

  { M::irql() } noexcept -> std::same_as<KIRQL>;
  { M::raise(level) } noexcept -> std::same_as<KIRQL>;
  { M::lower(level) } noexcept -> std::same_as<void>;
  { M::request_apc() } noexcept -> std::same_as<void>;
  { M::request_dispatch() } noexcept -> std::same_as<void>;
  { M::disable_interrupts() } noexcept -> std::same_as<bool>;
  { M::restore_interrupts(enabled) } noexcept -> std::same_as<void>;

  { M::make_context(context, stack, entry, pointer) } noexcept -> std::same_as<void>;
  { M::switch_context(context, context) } noexcept -> std::same_as<void>;
  { M::release_context(context) } noexcept -> std::same_as<void>;
  { M::call_on_stack(stack, entry, pointer) } noexcept -> std::same_as<void>;
  { M::extended_features() } noexcept -> std::same_as<std::uint64_t>;
  { M::extended_area_bytes() } noexcept -> std::same_as<std::size_t>;
  { M::save_extended(pointer, code) } noexcept -> std::same_as<void>;
  { M::restore_extended(pointer, code) } noexcept -> std::same_as<void>;
  { M::stack_size } -> std::convertible_to<std::size_t>;
  { M::stack_guard } -> std::convertible_to<std::size_t>;

  { M::interrupt_time() } noexcept -> std::same_as<InterruptTime>;
  { M::performance_counter() } noexcept -> std::same_as<std::uint64_t>;
  { M::performance_frequency() } noexcept -> std::same_as<std::uint64_t>;
  { M::boot_system_time_100ns() } noexcept -> std::same_as<std::uint64_t>;
  { M::arm_clock(due) } noexcept -> std::same_as<void>;
  { M::stall(number) } noexcept -> std::same_as<void>;
  { M::shared_user_data() } noexcept -> std::same_as<KUSER_SHARED_DATA*>;

  { M::physical_memory() } noexcept -> std::same_as<std::span<PageRange const>>;
  { M::system_space() } noexcept -> std::same_as<VirtualRange>;
  { M::direct(address) } noexcept -> std::same_as<std::byte*>;
  { M::map(pointer, page, protection) } noexcept -> std::same_as<bool>;
  { M::unmap(pointer) } noexcept -> std::same_as<void>;
  { M::protect(pointer, protection) } noexcept -> std::same_as<void>;
  { M::flush(pointer, bytes) } noexcept -> std::same_as<void>;
  { M::memory_is_short() } noexcept -> std::same_as<bool>;
  { M::copy_guarded(pointer, pointer, bytes) } noexcept -> std::same_as<bool>;
  { M::compare_exchange_16(wide, wide, wide) } noexcept -> std::same_as<bool>;

  { M::debug_output(text, bytes) } noexcept -> std::same_as<void>;
  { M::debug_input() } noexcept -> std::same_as<int>;
  { M::command_line() } noexcept -> std::same_as<char const*>;
  { M::ram_disk() } noexcept -> std::same_as<std::span<std::byte const>>;
  { M::stop(verdict) } noexcept -> std::same_as<void>;

  { M::backtrace(code, wide, bytes) } noexcept -> std::same_as<std::size_t>;
  { M::symbol_name(code) } noexcept -> std::same_as<SymbolName>;
};
// clang-format on

}  // namespace mica::hal
