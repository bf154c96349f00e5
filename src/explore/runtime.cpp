// What the explored objects call for atomic operations, instead of ThreadSanitizer's runtime: g++
// 12 and clang 14.
//   Every atomic operation is a scheduling point of the host machine, then it acts. Deterministic
//   mode has one OS thread, so memory itself is sequentially consistent whatever the order. What an
//   order does not give, the race detector knows, and under a weak memory model a load asks which
//   store it sees (memory.hpp). Outside a System (the harness uses no
//   instrumented code, but a thread may call before its System runs) they just act.
#include <machine.hpp>

#include "explore/dependence.hpp"
#include "explore/detector.hpp"
#include "explore/memory.hpp"
#include "explore/points.hpp"
#include "explore/recorder.hpp"
#include "explore/snapshot.hpp"

namespace mica::explore {
namespace {

constinit thread_local std::uint64_t taken = 0;

void before_atomic() noexcept {
  ++taken;
  if (Machine::current_processor) [[likely]]
    Machine::point();
}

constexpr AccessKind atomic_read{.writes = false, .atomic = true};
constexpr AccessKind atomic_write{.writes = true, .atomic = true};

template <class Word>
Word load(Word const volatile* word, int order) {
  before_atomic();
  Store const* older = nullptr;
  if (Memory* const memory = Memory::watching()) [[unlikely]]
    older = memory->load(word, sizeof(Word), order);
  tell_recorder(Step::Kind::load, word, sizeof(Word), order);
  tell_listener(word, sizeof(Word), atomic_read);
  if (Detector* const detector = Detector::watching()) {
    older ? detector->loaded(older, order) : detector->loaded(word, order);
    detector->access(word, sizeof(Word), atomic_read);
  }
  if (!older) [[likely]]
    return __atomic_load_n(word, __ATOMIC_SEQ_CST);
  if (Recorder* const recorder = Recorder::watching()) recorder->saw(older->value);
  return static_cast<Word>(older->value);
}

template <class Word>
void store(Word volatile* word, Word value, int order) {
  before_atomic();
  tell_snapshot(word, sizeof(Word));
  tell_recorder(Step::Kind::store, word, sizeof(Word), order);
  tell_listener(word, sizeof(Word), atomic_write);
  if (Memory* const memory = Memory::watching()) [[unlikely]]
    memory->store(word, sizeof(Word), __atomic_load_n(word, __ATOMIC_RELAXED), order);
  if (Detector* const detector = Detector::watching()) {
    detector->access(word, sizeof(Word), atomic_write);
    detector->stored(word, order);
  }
  __atomic_store_n(word, value, __ATOMIC_SEQ_CST);
}

template <class Word>
void before_update(Word const volatile* word, int order) {
  constexpr std::size_t bytes = sizeof(Word);
  before_atomic();
  tell_snapshot(word, bytes);
  tell_recorder(Step::Kind::update, word, bytes, order);
  tell_listener(word, bytes, atomic_write);
  if (Memory* const memory = Memory::watching()) [[unlikely]]
    memory->update(word, bytes, __atomic_load_n(word, __ATOMIC_RELAXED), order);
  Detector* const detector = Detector::watching();
  if (!detector) return;
  detector->loaded(word, order);
  detector->access(word, bytes, atomic_write);
  detector->updated(word, order);
}

// A failed exchange is a load, of the order named for that; it stores what it saw.
template <class Word>
bool compare_exchange(Word volatile* word, Word* expected, Word value, int order, int failed) {
  before_atomic();
  tell_snapshot(word, sizeof(Word));
  tell_recorder(Step::Kind::update, word, sizeof(Word), order);
  bool const done =
      __atomic_compare_exchange_n(word, expected, value, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
  AccessKind const kind = done ? atomic_write : atomic_read;
  tell_listener(word, sizeof(Word), kind);
  if (Memory* const memory = Memory::watching()) [[unlikely]]
    done ? memory->update(word, sizeof(Word), *expected, order)
         : memory->look(word, sizeof(Word), failed);
  if (Detector* const detector = Detector::watching()) {
    detector->loaded(word, done ? order : failed);
    detector->access(word, sizeof(Word), kind);
    if (done) detector->updated(word, order);
  }
  return done;
}

void fence(int order) {
  before_atomic();
  tell_recorder(Step::Kind::fence, nullptr, 0, order);
  if (Detector* const detector = Detector::watching()) detector->fence(order);
  if (Memory* const memory = Memory::watching()) memory->fence(order);
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

}  // namespace

std::uint64_t points() noexcept {
  return taken;
}

}  // namespace mica::explore

// The compilers' own prototypes: [gcc/sanitizer.def,
// compiler-rt/lib/tsan/rtl/tsan_interface_atomic.h are where the names come from].
#define MICA_ATOMIC(bits, Word)                                                                    \
  Word __tsan_atomic##bits##_load(Word const volatile* word, int order) {                          \
    return mica::explore::load(word, order);                                                       \
  }                                                                                                \
  void __tsan_atomic##bits##_store(Word volatile* word, Word value, int order) {                   \
    mica::explore::store(word, value, order);                                                      \
  }                                                                                                \
  MICA_UPDATE(bits, Word, exchange, __atomic_exchange_n)                                           \
  MICA_UPDATE(bits, Word, fetch_add, __atomic_fetch_add)                                           \
  MICA_UPDATE(bits, Word, fetch_sub, __atomic_fetch_sub)                                           \
  MICA_UPDATE(bits, Word, fetch_and, __atomic_fetch_and)                                           \
  MICA_UPDATE(bits, Word, fetch_or, __atomic_fetch_or)                                             \
  MICA_UPDATE(bits, Word, fetch_xor, __atomic_fetch_xor)                                           \
  MICA_UPDATE(bits, Word, fetch_nand, __atomic_fetch_nand)                                         \
  Word __tsan_atomic##bits##_compare_exchange_val(Word volatile* word, Word expected, Word value,  \
                                                  int order, int failed) {                         \
    mica::explore::compare_exchange(word, &expected, value, order, failed);                        \
    return expected;                                                                               \
  }                                                                                                \
  int __tsan_atomic##bits##_compare_exchange_strong(Word volatile* word, Word* expected,           \
                                                    Word value, int order, int failed) {           \
    return mica::explore::compare_exchange(word, expected, value, order, failed);                  \
  }                                                                                                \
  int __tsan_atomic##bits##_compare_exchange_weak(Word volatile* word, Word* expected, Word value, \
                                                  int order, int failed) {                         \
    return mica::explore::compare_exchange(word, expected, value, order, failed);                  \
  }

#define MICA_UPDATE(bits, Word, name, operation)                                  \
  Word __tsan_atomic##bits##_##name(Word volatile* word, Word value, int order) { \
    mica::explore::before_update(word, order);                                    \
    return operation(word, value, __ATOMIC_SEQ_CST);                              \
  }

extern "C" {
MICA_ATOMIC(8, std::uint8_t)
MICA_ATOMIC(16, std::uint16_t)
MICA_ATOMIC(32, std::uint32_t)
MICA_ATOMIC(64, std::uint64_t)
void __tsan_atomic_thread_fence(int order) {
  mica::explore::fence(order);
}
void __tsan_atomic_signal_fence(int) {}

void __tsan_init() {}
void __tsan_func_entry(void*) {}
void __tsan_func_exit() {}
}
