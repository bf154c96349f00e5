// What orders flows of control besides atomic operations, and who waits for which word: told to the
// explorer; and what it is asked.
//   Only the explored build hears of it (MICA_EXPLORED; src/explore/order.cpp): elsewhere these are
//   nothing. TSan proper has tokens of its own (sanitizers.hpp).
#pragma once

#include "hal/machine_concept.hpp"

namespace mica::hal_host {

struct Context;
struct Guard;

#if defined(MICA_EXPLORED)
// On the current processor, right after its level rose (or interrupts were disabled), right before
// it falls.
void order_raised() noexcept;
void order_lowered() noexcept;
// What the caller did before is seen by the next interrupt of that level on that processor.
void order_request(unsigned processor, KIRQL level) noexcept;
// An interrupt of this level begins here, and ends; what was interrupted, to go on with.
[[nodiscard]] std::uint32_t order_begin_interrupt(KIRQL level) noexcept;
void order_end_interrupt(std::uint32_t interrupted) noexcept;
// The current processor leaves one context for another.
void order_switch(Context& from, Context const& to) noexcept;
// The clocks of these processors have come, a mask; because nobody could step, or for another
// reason.
void order_fired(std::uint32_t processors, bool nobody_steps) noexcept;
// The current processor looks what time it is, or lets time pass.
void order_time(bool passes) noexcept;
// A context was made that was none.
void order_make(Context& context) noexcept;
// That context will never go on: the caller acts for it from here on.
void order_release(Context& context) noexcept;
// The machine is about to write memory on behalf of code that announces what it writes.
void order_write(void* address, std::size_t bytes) noexcept;
// Another page will be found at this address.
void order_map(void* address) noexcept;
// 16 bytes were read and written in one atomic operation.
void order_exchange_16(void const* target) noexcept;
// The current processor comes to a spin hint, whose word may be what it must not be any more; and
// goes on to try.
void order_await(Guard const& guard) noexcept;
void order_awaited() noexcept;
// Whether the allocation that begins now finds no memory.
[[nodiscard]] bool memory_is_short() noexcept;
#else
inline void order_raised() noexcept {}
inline void order_lowered() noexcept {}
inline void order_request(unsigned, KIRQL) noexcept {}
[[nodiscard]] inline std::uint32_t order_begin_interrupt(KIRQL) noexcept {
  return 0;
}
inline void order_end_interrupt(std::uint32_t) noexcept {}
inline void order_switch(Context&, Context const&) noexcept {}
inline void order_fired(std::uint32_t, bool) noexcept {}
inline void order_time(bool) noexcept {}
inline void order_make(Context&) noexcept {}
inline void order_release(Context&) noexcept {}
inline void order_write(void*, std::size_t) noexcept {}
inline void order_map(void*) noexcept {}
inline void order_exchange_16(void const*) noexcept {}
inline void order_await(Guard const&) noexcept {}
inline void order_awaited() noexcept {}
[[nodiscard]] constexpr bool memory_is_short() noexcept {
  return false;
}
#endif

}  // namespace mica::hal_host
