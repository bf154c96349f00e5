// What the explored objects call instead of ThreadSanitizer's runtime: g++ 12 and clang 14.
//   Every atomic operation is a scheduling point of the host machine, then it acts. Plain accesses
//   and function entries say nothing yet. The orders that the callers name are not weaker than what
//   is done here: deterministic mode has one OS thread, so every interleaving is sequentially
//   consistent whatever the order.
//   Outside a System (the harness uses no instrumented code, but a thread may call before its
//   System runs) they just act.
#include <machine.hpp>

#include "explore/points.hpp"

namespace mica::explore {
namespace {

constinit thread_local std::uint64_t taken = 0;

void before_atomic() noexcept {
  ++taken;
  if (Machine::current_processor) [[likely]]
    Machine::point();
}

}  // namespace

std::uint64_t points() noexcept {
  return taken;
}

}  // namespace mica::explore

using mica::explore::before_atomic;

// The compilers' own prototypes: [gcc/sanitizer.def,
// compiler-rt/lib/tsan/rtl/tsan_interface_atomic.h are where the names come from]. A failed
// exchange stores what it saw through `expected`.
#define MICA_ATOMIC(bits, Word)                                                                    \
  Word __tsan_atomic##bits##_load(Word const volatile* word, int) {                                \
    before_atomic();                                                                               \
    return __atomic_load_n(word, __ATOMIC_SEQ_CST);                                                \
  }                                                                                                \
  void __tsan_atomic##bits##_store(Word volatile* word, Word value, int) {                         \
    before_atomic();                                                                               \
    __atomic_store_n(word, value, __ATOMIC_SEQ_CST);                                               \
  }                                                                                                \
  MICA_UPDATE(bits, Word, exchange, __atomic_exchange_n)                                           \
  MICA_UPDATE(bits, Word, fetch_add, __atomic_fetch_add)                                           \
  MICA_UPDATE(bits, Word, fetch_sub, __atomic_fetch_sub)                                           \
  MICA_UPDATE(bits, Word, fetch_and, __atomic_fetch_and)                                           \
  MICA_UPDATE(bits, Word, fetch_or, __atomic_fetch_or)                                             \
  MICA_UPDATE(bits, Word, fetch_xor, __atomic_fetch_xor)                                           \
  MICA_UPDATE(bits, Word, fetch_nand, __atomic_fetch_nand)                                         \
  Word __tsan_atomic##bits##_compare_exchange_val(Word volatile* word, Word expected, Word value,  \
                                                  int, int) {                                      \
    before_atomic();                                                                               \
    __atomic_compare_exchange_n(word, &expected, value, false, __ATOMIC_SEQ_CST,                   \
                                __ATOMIC_SEQ_CST);                                                 \
    return expected;                                                                               \
  }                                                                                                \
  int __tsan_atomic##bits##_compare_exchange_strong(Word volatile* word, Word* expected,           \
                                                    Word value, int, int) {                        \
    before_atomic();                                                                               \
    return __atomic_compare_exchange_n(word, expected, value, false, __ATOMIC_SEQ_CST,             \
                                       __ATOMIC_SEQ_CST);                                          \
  }                                                                                                \
  int __tsan_atomic##bits##_compare_exchange_weak(Word volatile* word, Word* expected, Word value, \
                                                  int, int) {                                      \
    before_atomic();                                                                               \
    return __atomic_compare_exchange_n(word, expected, value, false, __ATOMIC_SEQ_CST,             \
                                       __ATOMIC_SEQ_CST);                                          \
  }

#define MICA_UPDATE(bits, Word, name, operation)                            \
  Word __tsan_atomic##bits##_##name(Word volatile* word, Word value, int) { \
    before_atomic();                                                        \
    return operation(word, value, __ATOMIC_SEQ_CST);                        \
  }

#define MICA_ACCESS(bytes)                     \
  void __tsan_read##bytes(void*) {}            \
  void __tsan_write##bytes(void*) {}           \
  void __tsan_read_write##bytes(void*) {}      \
  void __tsan_unaligned_read##bytes(void*) {}  \
  void __tsan_unaligned_write##bytes(void*) {} \
  void __tsan_unaligned_read_write##bytes(void*) {}

extern "C" {
MICA_ATOMIC(8, std::uint8_t)
MICA_ATOMIC(16, std::uint16_t)
MICA_ATOMIC(32, std::uint32_t)
MICA_ATOMIC(64, std::uint64_t)
void __tsan_atomic_thread_fence(int) {
  before_atomic();
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
}
void __tsan_atomic_signal_fence(int) {}

MICA_ACCESS(1)
MICA_ACCESS(2)
MICA_ACCESS(4)
MICA_ACCESS(8)
MICA_ACCESS(16)
void __tsan_read_range(void*, std::size_t) {}
void __tsan_write_range(void*, std::size_t) {}
void __tsan_vptr_read(void**) {}
void __tsan_vptr_update(void**, void*) {}

void __tsan_init() {}
void __tsan_func_entry(void*) {}
void __tsan_func_exit() {}
}
