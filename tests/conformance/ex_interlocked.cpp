// Lists and numbers that a spin lock of their own guards.
//                                     [MSDN ExInterlockedInsertHeadList, ExInterlockedAddUlong]
#include <nt/ex.h>
#include <mica/test.hpp>

using namespace mica::test;

namespace {

struct Guarded {
  KSPIN_LOCK lock;
  LIST_ENTRY list;

  Guarded() noexcept {
    KeInitializeSpinLock(&lock);
    list.Flink = list.Blink = &list;
  }
};

LARGE_INTEGER large(LONGLONG value) {
  LARGE_INTEGER number;
  number.QuadPart = value;
  return number;
}

}  // namespace

MICA_CASE("Ex: interlocked insertion says what stood there before") {
  Guarded guarded;
  LIST_ENTRY entries[3];
  MICA_CHECK(ExInterlockedInsertHeadList(&guarded.list, &entries[1], &guarded.lock) == nullptr);
  MICA_CHECK(ExInterlockedInsertHeadList(&guarded.list, &entries[0], &guarded.lock) == &entries[1]);
  MICA_CHECK(ExInterlockedInsertTailList(&guarded.list, &entries[2], &guarded.lock) == &entries[1]);
  for (LIST_ENTRY& entry : entries)
    MICA_CHECK(ExInterlockedRemoveHeadList(&guarded.list, &guarded.lock) == &entry);
  MICA_CHECK(ExInterlockedRemoveHeadList(&guarded.list, &guarded.lock) == nullptr);
  MICA_CHECK(ExInterlockedInsertTailList(&guarded.list, &entries[2], &guarded.lock) == nullptr);
  MICA_CHECK(guarded.list.Flink == &entries[2] && guarded.list.Blink == &entries[2]);
  MICA_CHECK(KeTestSpinLock(&guarded.lock));
}

MICA_CASE("Ex: an interlocked singly linked list is last in, first out") {
  KSPIN_LOCK lock;
  KeInitializeSpinLock(&lock);
  SINGLE_LIST_ENTRY head{}, first, second;
  MICA_CHECK(ExInterlockedPopEntryList(&head, &lock) == nullptr);
  MICA_CHECK(ExInterlockedPushEntryList(&head, &first, &lock) == nullptr);
  MICA_CHECK(ExInterlockedPushEntryList(&head, &second, &lock) == &first);
  MICA_CHECK(ExInterlockedPopEntryList(&head, &lock) == &second);
  MICA_CHECK(ExInterlockedPopEntryList(&head, &lock) == &first);
  MICA_CHECK(ExInterlockedPopEntryList(&head, &lock) == nullptr);
  MICA_CHECK(KeTestSpinLock(&lock));
}

MICA_CASE("Ex: interlocked addition returns the value before and wraps") {
  KSPIN_LOCK lock;
  KeInitializeSpinLock(&lock);
  ULONG number = 7;
  MICA_CHECK(ExInterlockedAddUlong(&number, 5, &lock) == 7 && number == 12);
  MICA_CHECK(ExInterlockedAddUlong(&number, MAXULONG, &lock) == 12 && number == 11);
  LARGE_INTEGER wide = large(0xFFFF'FFFF);
  MICA_CHECK(ExInterlockedAddLargeInteger(&wide, large(2), &lock).QuadPart == 0xFFFF'FFFF);
  MICA_CHECK(wide.QuadPart == 0x1'0000'0001);
  ExInterlockedAddLargeInteger(&wide, large(-2), &lock);
  MICA_CHECK(wide.QuadPart == 0xFFFF'FFFF);
  wide = large(MAXLONGLONG);
  ExInterlockedAddLargeInteger(&wide, large(1), &lock);
  MICA_CHECK(wide.QuadPart == -MAXLONGLONG - 1);
  MICA_CHECK(KeTestSpinLock(&lock));
}

MICA_CASE("Ex: statistics and exchanges of 64 bits need no lock") {
  LARGE_INTEGER total = large(-1);
  ExInterlockedAddLargeStatistic(&total, 0xFFFF'FFFF);
  MICA_CHECK(total.QuadPart == 0xFFFF'FFFE);
  LONGLONG value = 5, five = 5, six = 6;
  MICA_CHECK(ExInterlockedCompareExchange64(&value, &six, &five, nullptr) == 5 && value == 6);
  MICA_CHECK(ExInterlockedCompareExchange64(&value, &five, &five, nullptr) == 6 && value == 6);
}

MICA_CASE("Ex: interlocked routines keep the level, whatever it is") {
  Guarded guarded;
  KIRQL levels[] = {PASSIVE_LEVEL, DISPATCH_LEVEL, CLOCK_LEVEL, HIGH_LEVEL};
  for (KIRQL const level : levels) {
    LIST_ENTRY entry;
    SINGLE_LIST_ENTRY head{}, link;
    ULONG number = 0;
    LARGE_INTEGER wide = large(0);
    KIRQL old, seen[7];
    KeRaiseIrql(level, &old);
    ExInterlockedInsertHeadList(&guarded.list, &entry, &guarded.lock);
    seen[0] = KeGetCurrentIrql();
    ExInterlockedRemoveHeadList(&guarded.list, &guarded.lock);
    seen[1] = KeGetCurrentIrql();
    ExInterlockedInsertTailList(&guarded.list, &entry, &guarded.lock);
    seen[2] = KeGetCurrentIrql();
    ExInterlockedRemoveHeadList(&guarded.list, &guarded.lock);
    ExInterlockedPushEntryList(&head, &link, &guarded.lock);
    seen[3] = KeGetCurrentIrql();
    ExInterlockedPopEntryList(&head, &guarded.lock);
    seen[4] = KeGetCurrentIrql();
    ExInterlockedAddUlong(&number, 1, &guarded.lock);
    seen[5] = KeGetCurrentIrql();
    ExInterlockedAddLargeInteger(&wide, large(1), &guarded.lock);
    seen[6] = KeGetCurrentIrql();
    KeLowerIrql(old);
    for (KIRQL const now : seen) MICA_CHECK(now == level);
  }
}

MICA_CASE("Ex: who holds the lock of an interlocked list must not use it") {
  Guarded guarded;
  Bugcheck const end = bugcheck_of([&] {
    KIRQL old;
    KeAcquireSpinLock(&guarded.lock, &old);
    ULONG number = 0;
    ExInterlockedAddUlong(&number, 1, &guarded.lock);
  });
  MICA_CHECK(end.happened && end.code == SPIN_LOCK_ALREADY_OWNED);
  MICA_CHECK(end.parameters[0] == reinterpret_cast<ULONG_PTR>(&guarded.lock));
}

MICA_CASE("Ex: nothing that many add is lost") {
  KSPIN_LOCK lock;
  KeInitializeSpinLock(&lock);
  ULONG number = 0;
  LARGE_INTEGER wide = large(0);
  auto adder = [&] {
    for (int i = 0; i < 200; ++i) {
      ExInterlockedAddUlong(&number, 1, &lock);
      ExInterlockedAddLargeInteger(&wide, large(2), &lock);
    }
  };
  mica::test::Thread* threads[3];
  for (int i = 0; i < 3; ++i) threads[i] = start(adder, {.processor = i});
  for (auto* thread : threads) join(thread);
  MICA_CHECK(number == 600 && wide.QuadPart == 1200);
}
