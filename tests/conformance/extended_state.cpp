// Extended registers in kernel mode.
//        [MSDN KeSaveExtendedProcessorState, KeRestoreExtendedProcessorState; MSDN Bug Check 0xE7]
#include <nt/ex.h>

#include <atomic>
#include <initializer_list>

#include "support.hpp"

using namespace mica::test;

namespace {

// What extended_trip.S acts on: it names the fields by their offsets.
struct Trip {
  ULONG64 mask;                                         // 0
  PXSTATE_SAVE save;                                    // 8
  decltype(&KeSaveExtendedProcessorState) saves;        // 16
  decltype(&KeRestoreExtendedProcessorState) restores;  // 24
  ULONG64 wide;                                         // 32: whether there are 256 bits
  NTSTATUS status;                                      // 40
  ULONG64 turns;                                        // 48: of a loop between the two calls
  ULONG64 unused;                                       // 56
  ULONG64 low[4];                                       // 64: into register 3 before, and out
  ULONG64 high[4];                                      // 96: the same of register 9
  ULONG64 between[4];                                   // 128: into both after the save
  ULONG64 kept[4];                                      // 160: out of register 3 before the restore
  ULONG64 x87;  // 192: a double, pushed before, popped after
};
static_assert(offsetof(Trip, between) == 128 && offsetof(Trip, x87) == 192);

}  // namespace

// Registers between calls are nobody's in a compiler's eyes: extended_trip.S.
extern "C" void mica_test_extended_trip(Trip* trip);

namespace {

// As doubles; the kernel is compiled without them.
constexpr ULONG64 one_and_a_half = 0x3FF8'0000'0000'0000, pi = 0x4009'21FB'5444'2D18;
constexpr ULONG64 all = XSTATE_MASK_LEGACY | XSTATE_MASK_GSSE;

[[nodiscard]] ULONG64 enabled() noexcept {
  return RtlGetEnabledExtendedFeatures(all);
}

[[nodiscard]] bool is(ULONG64 const (&words)[4], ULONG64 value, bool wide) noexcept {
  bool const lower = words[0] == value && words[1] == value;
  return lower && (!wide || (words[2] == value && words[3] == value));
}

void fill(ULONG64 (&words)[4], ULONG64 value) noexcept {
  for (ULONG64& word : words) word = value;
}

// Patterns as words, and as 256 bits if there are.
[[nodiscard]] Trip trip(ULONG64 mask, PXSTATE_SAVE save) noexcept {
  Trip made{};
  made.mask = mask;
  made.save = save;
  made.saves = KeSaveExtendedProcessorState;
  made.restores = KeRestoreExtendedProcessorState;
  made.wide = (mask & XSTATE_MASK_GSSE) != 0 ? 1 : 0;
  fill(made.low, 0x1111'1111'1111'1111);
  fill(made.high, 0x2222'2222'2222'2222);
  fill(made.between, 0x3333'3333'3333'3333);
  made.x87 = one_and_a_half;
  return made;
}

[[nodiscard]] bool survived(Trip const& trip) noexcept {
  return trip.status == STATUS_SUCCESS && is(trip.low, 0x1111'1111'1111'1111, trip.wide) &&
         is(trip.high, 0x2222'2222'2222'2222, trip.wide);
}

[[nodiscard]] bool has(Bugcheck const& end, ULONG_PTR first, ULONG_PTR second, ULONG_PTR third) {
  return end.happened && end.code == INVALID_FLOATING_POINT_STATE && end.parameters[0] == first &&
         end.parameters[1] == second && end.parameters[2] == third;
}

[[nodiscard]] ULONG_PTR number(void const* pointer) noexcept {
  return reinterpret_cast<ULONG_PTR>(pointer);
}

}  // namespace

MICA_CASE("Ke: extended registers have what they had when they were saved") {
  MICA_CHECK((enabled() & XSTATE_MASK_LEGACY) == XSTATE_MASK_LEGACY);
  MICA_CHECK(RtlGetEnabledExtendedFeatures(0) == 0);
  MICA_CHECK(RtlGetEnabledExtendedFeatures(~ULONG64{0} & ~RtlGetEnabledExtendedFeatures(~0ull)) ==
             0);
  for (KIRQL const level : {KIRQL{PASSIVE_LEVEL}, KIRQL{APC_LEVEL}, KIRQL{DISPATCH_LEVEL}}) {
    for (ULONG64 const mask : {ULONG64{XSTATE_MASK_LEGACY}, enabled()}) {
      XSTATE_SAVE save{};
      Trip made = trip(mask, &save);
      {
        AtLevel const raised{level};
        mica_test_extended_trip(&made);
      }
      MICA_CHECK(survived(made));
      MICA_CHECK(made.x87 == one_and_a_half);
      MICA_CHECK(save.Level == level && save.Thread == KeGetCurrentThread());
      MICA_CHECK(save.XStateContext.Mask == mask);
    }
  }
}

namespace {

// A save after which the stack below has something else.
[[gnu::noinline]] NTSTATUS NTAPI save_and_write_stack(ULONG64 mask, PXSTATE_SAVE save) noexcept {
  NTSTATUS const status = KeSaveExtendedProcessorState(mask, save);
  ULONG64 volatile words[1024];
  for (ULONG64 volatile& word : words) word = 0x5555'5555'5555'5555;
  return status;
}

}  // namespace

MICA_CASE("Ke: extended registers are kept elsewhere than on the stack") {
  XSTATE_SAVE save{};
  Trip made = trip(enabled(), &save);
  made.saves = save_and_write_stack;
  mica_test_extended_trip(&made);
  MICA_CHECK(survived(made));
}

MICA_CASE("Ke: extended registers are saved at DISPATCH_LEVEL at most") {
  XSTATE_SAVE save{};
  Bugcheck const end = bugcheck_of([&] {
    KIRQL old;
    KeRaiseIrql(SYNCH_LEVEL, &old);
    static_cast<void>(KeSaveExtendedProcessorState(XSTATE_MASK_LEGACY, &save));
  });
  MICA_CHECK(end.happened && end.code == IRQL_NOT_LESS_OR_EQUAL);
  MICA_CHECK(end.parameters[0] == number(&save) && end.parameters[1] == SYNCH_LEVEL);
}

MICA_CASE("Ke: of extended registers only those of the mask are restored") {
  if ((enabled() & XSTATE_MASK_GSSE) == 0) return;  // then FXSAVE knows no mask
  XSTATE_SAVE save{};
  Trip x87 = trip(XSTATE_MASK_LEGACY_FLOATING_POINT, &save);
  mica_test_extended_trip(&x87);
  MICA_CHECK(x87.status == STATUS_SUCCESS);
  MICA_CHECK(x87.x87 == one_and_a_half);
  MICA_CHECK(is(x87.high, 0x3333'3333'3333'3333, false));
  Trip sse = trip(XSTATE_MASK_LEGACY_SSE, &save);
  mica_test_extended_trip(&sse);
  MICA_CHECK(survived(sse));
  MICA_CHECK(sse.x87 == pi);
}

MICA_CASE("Ke: saves of extended registers nest") {
  struct Levels {
    XSTATE_SAVE outer, inner;
  } levels{};
  Trip outside = trip(enabled(), &levels.inner);
  MICA_REQUIRE(KeSaveExtendedProcessorState(enabled(), &levels.outer) == STATUS_SUCCESS);
  mica_test_extended_trip(&outside);
  MICA_CHECK(survived(outside));
  MICA_CHECK(levels.inner.Prev == &levels.outer);
  KeRestoreExtendedProcessorState(&levels.outer);
  MICA_CHECK(levels.outer.Prev == nullptr);
}

namespace {

// Of trip's loop, so that it lasts that long; few on a machine where no time passes meanwhile.
[[nodiscard]] ULONG64 turns_in(ULONG64 duration_100ns) noexcept {
  constexpr int some = 100'000;
  auto const time_of = [](int count) {
    ULONG64 counter;
    ULONG64 const began = KeQueryInterruptTimePrecise(&counter);
    std::atomic<int> turns{0};
    while (turns < count) turns.store(turns + 1, std::memory_order_relaxed);
    return KeQueryInterruptTimePrecise(&counter) - began;
  };
  ULONG64 const none = time_of(0), lasted = time_of(some);
  return lasted > 2 * none ? some * duration_100ns / (lasted - none) : 1;
}

}  // namespace

MICA_CASE("Ke: between a save and its restore extended registers are the thread's own") {
  // Two threads of one processor take turns while each keeps something else in a register.
  constexpr ULONG64 some_quanta_100ns = 100 * millisecond_100ns;
  struct Work {
    XSTATE_SAVE save;
    Trip made;
    bool kept;
  } works[2]{};
  for (ULONG64 i = 0; i < 2; ++i) {
    works[i].made = trip(enabled(), &works[i].save);
    works[i].made.turns = turns_in(some_quanta_100ns);
    fill(works[i].made.between, 0x4444'4444'4444'4444 + i);
  }
  auto run = [](Work& work) {
    ULONG64 const own = work.made.between[0];
    mica_test_extended_trip(&work.made);
    work.kept = is(work.made.kept, own, work.made.wide);
  };
  auto first = [&] { run(works[0]); };
  auto second = [&] { run(works[1]); };
  Thread* const threads[] = {start(first, {.processor = 0}), start(second, {.processor = 0})};
  for (Thread* const thread : threads) join(thread);
  for (Work const& work : works) {
    MICA_CHECK(work.kept);
    MICA_CHECK(survived(work.made));
  }
}

MICA_CASE("Ke: a restore of extended registers at another level is bad") {
  XSTATE_SAVE save{};
  Bugcheck const end = bugcheck_of([&] {
    MICA_CHECK(KeSaveExtendedProcessorState(XSTATE_MASK_LEGACY, &save) == STATUS_SUCCESS);
    static_cast<void>(KeRaiseIrqlToDpcLevel());
    KeRestoreExtendedProcessorState(&save);
  });
  MICA_CHECK(has(end, 1, PASSIVE_LEVEL, DISPATCH_LEVEL));
  ExFreePool(save.XStateContext.Buffer);
}

MICA_CASE("Ke: a restore of another thread's extended registers is bad") {
  XSTATE_SAVE save{};
  MICA_REQUIRE(KeSaveExtendedProcessorState(XSTATE_MASK_LEGACY, &save) == STATUS_SUCCESS);
  PKTHREAD other = nullptr;
  Bugcheck const end = bugcheck_of([&] {
    other = KeGetCurrentThread();
    KeRestoreExtendedProcessorState(&save);
  });
  MICA_CHECK(has(end, 2, number(KeGetCurrentThread()), number(other)));
  KeRestoreExtendedProcessorState(&save);
}

MICA_CASE("Ke: extended registers that were saved first are restored last") {
  XSTATE_SAVE saves[2]{};
  Bugcheck const end = bugcheck_of([&] {
    for (XSTATE_SAVE& save : saves)
      MICA_CHECK(KeSaveExtendedProcessorState(XSTATE_MASK_LEGACY, &save) == STATUS_SUCCESS);
    KeRestoreExtendedProcessorState(&saves[0]);
  });
  MICA_CHECK(has(end, 0, number(&saves[0]), 0));
  for (XSTATE_SAVE const& save : saves) ExFreePool(save.XStateContext.Buffer);
}

MICA_CASE("Ke: an extended register that is not enabled is not saved") {
  constexpr ULONG64 unknown = 1ull << 40;
  XSTATE_SAVE save{};
  Bugcheck const end = bugcheck_of([&] {
    static_cast<void>(KeSaveExtendedProcessorState(XSTATE_MASK_LEGACY | unknown, &save));
  });
  MICA_CHECK(end.happened && end.code == INVALID_EXTENDED_PROCESSOR_STATE);
  MICA_CHECK(end.parameters[0] == (XSTATE_MASK_LEGACY | unknown));
  MICA_CHECK(end.parameters[1] == RtlGetEnabledExtendedFeatures(~ULONG64{0}));
}
