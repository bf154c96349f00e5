// APCs: where, when and in which order they run, and what they do to a wait.
//                     [MSDN "Types of APCs", "Disabling APCs", "Waits and APCs"; WI7 p1 ch3]
#include "busy.hpp"

using namespace mica::test;

namespace {

// What APCs did, in their order, as digits of a number.
struct Diary {
  std::atomic<int> text{0};
  void note(int digit) noexcept { text = text * 10 + digit; }
};

// An APC that writes its digit to the diary: `digit` from the kernel routine, or if it is a normal
// one, from its normal routine.
struct Noted {
  KAPC apc;
  Diary* diary;
  int digit;
  PKTHREAD ran_in = nullptr;
  KIRQL kernel_level = HIGH_LEVEL, normal_level = HIGH_LEVEL;

  Noted(Diary& diary_, int digit_, bool normal, PKTHREAD thread = KeGetCurrentThread()) noexcept
      : diary{&diary_}, digit{digit_} {
    KeInitializeApc(&apc, thread, OriginalApcEnvironment, kernel_routine, nullptr,
                    normal ? normal_routine : nullptr, KernelMode, this);
  }
  BOOLEAN insert() noexcept { return KeInsertQueueApc(&apc, this, nullptr, 0); }

 private:
  static void NTAPI kernel_routine(PKAPC, PKNORMAL_ROUTINE* normal, PVOID*, PVOID* first, PVOID*) {
    auto& self = *static_cast<Noted*>(*first);
    self.kernel_level = KeGetCurrentIrql();
    self.ran_in = KeGetCurrentThread();
    if (*normal == nullptr) self.diary->note(self.digit);
  }
  static void NTAPI normal_routine(PVOID context, PVOID first, PVOID) {
    auto& self = *static_cast<Noted*>(context);
    MICA_CHECK(first == context);
    self.normal_level = KeGetCurrentIrql();
    self.diary->note(self.digit);
  }
};

void NTAPI nothing(PKAPC, PKNORMAL_ROUTINE*, PVOID*, PVOID*, PVOID*) {}

// Raised while it lives.
class [[nodiscard]] Raised {
 public:
  explicit Raised(KIRQL level) noexcept : old_{KfRaiseIrql(level)} {}
  ~Raised() { KeLowerIrql(old_); }
  Raised(Raised const&) = delete;
  Raised& operator=(Raised const&) = delete;

 private:
  KIRQL const old_;
};

}  // namespace

MICA_CASE("Ke: an APC to oneself runs before its insertion returns, at its levels") {
  Diary diary;
  Noted special{diary, 1, false}, normal{diary, 2, true};
  MICA_CHECK(special.insert() == TRUE);
  MICA_CHECK(diary.text == 1);
  MICA_CHECK(special.kernel_level == APC_LEVEL);
  MICA_CHECK(normal.insert() == TRUE);
  MICA_CHECK(diary.text == 12);
  MICA_CHECK(normal.kernel_level == APC_LEVEL && normal.normal_level == PASSIVE_LEVEL);
  MICA_CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
}

MICA_CASE(
    "Ke: APCs wait for a level below APC_LEVEL, then special ones run first, each kind in order") {
  Diary diary;
  Noted normal_1{diary, 1, true}, special_2{diary, 2, false}, normal_3{diary, 3, true},
      special_4{diary, 4, false};
  {
    Raised const raised{APC_LEVEL};
    for (Noted* const one : {&normal_1, &special_2, &normal_3, &special_4})
      MICA_CHECK(one->insert() == TRUE);
    { Raised const higher{DISPATCH_LEVEL}; }
    MICA_CHECK(diary.text == 0);
  }
  MICA_CHECK(diary.text == 2413);
}

MICA_CASE("Ke: a critical region and a mutex hold normal APCs back, and no special ones") {
  Diary diary;
  Noted normal{diary, 1, true}, special{diary, 2, false};
  KeEnterCriticalRegion();
  MICA_CHECK(normal.insert() == TRUE && special.insert() == TRUE);
  MICA_CHECK(diary.text == 2);
  KeEnterCriticalRegion();
  KeLeaveCriticalRegion();
  MICA_CHECK(diary.text == 2);
  KeLeaveCriticalRegion();
  MICA_CHECK(diary.text == 21);

  KMUTEX mutex;
  KeInitializeMutex(&mutex, 0);
  MICA_REQUIRE(wait(&mutex) == STATUS_SUCCESS);
  MICA_CHECK(normal.insert() == TRUE);
  MICA_CHECK(diary.text == 21);
  static_cast<void>(KeReleaseMutex(&mutex, FALSE));
  MICA_CHECK(diary.text == 211);
}

MICA_CASE("Ke: a guarded region holds every APC back") {
  Diary diary;
  Noted normal{diary, 1, true}, special{diary, 2, false};
  KeEnterGuardedRegion();
  MICA_CHECK(normal.insert() == TRUE && special.insert() == TRUE);
  sleep(millisecond_100ns);
  KeEnterCriticalRegion();
  MICA_CHECK(diary.text == 0);
  KeLeaveGuardedRegion();
  MICA_CHECK(diary.text == 2);
  KeLeaveCriticalRegion();
  MICA_CHECK(diary.text == 21);
}

MICA_CASE("Ke: leaving a critical region at APC_LEVEL leaves APCs for the lowering") {
  Diary diary;
  Noted normal{diary, 1, true};
  KeEnterCriticalRegion();
  MICA_CHECK(normal.insert() == TRUE);
  {
    Raised const raised{APC_LEVEL};
    KeLeaveCriticalRegion();
    MICA_CHECK(diary.text == 0);
  }
  MICA_CHECK(diary.text == 1);
}

MICA_CASE("Ke: an APC is queued once at a time, and may be removed") {
  Diary diary;
  Noted normal{diary, 1, true};
  {
    Raised const raised{APC_LEVEL};
    MICA_CHECK(KeRemoveQueueApc(&normal.apc) == FALSE);
    MICA_CHECK(normal.insert() == TRUE);
    MICA_CHECK(normal.insert() == FALSE);
    MICA_CHECK(KeRemoveQueueApc(&normal.apc) == TRUE);
    MICA_CHECK(KeRemoveQueueApc(&normal.apc) == FALSE);
  }
  MICA_CHECK(diary.text == 0);
  MICA_CHECK(normal.insert() == TRUE);
  MICA_CHECK(normal.insert() == TRUE);
  MICA_CHECK(diary.text == 11);
}

MICA_CASE("Ke: a removed APC leaves the others in their order") {
  Diary diary;
  Noted first{diary, 1, true}, second{diary, 2, true}, third{diary, 3, true};
  {
    Raised const raised{APC_LEVEL};
    for (Noted* const one : {&first, &second, &third}) MICA_CHECK(one->insert() == TRUE);
    MICA_CHECK(KeRemoveQueueApc(&second.apc) == TRUE);
  }
  MICA_CHECK(diary.text == 13);
}

MICA_CASE("Ke: a kernel routine says what the normal routine gets, and whether it is called") {
  static PVOID seen[3];
  seen[0] = seen[1] = seen[2] = nullptr;
  PKNORMAL_ROUTINE const normal = [](PVOID context, PVOID first, PVOID second) NTAPI {
    seen[0] = context, seen[1] = first, seen[2] = second;
  };
  int values[6];
  KAPC apc;
  PKKERNEL_ROUTINE const moves = [](PKAPC, PKNORMAL_ROUTINE*, PVOID* context, PVOID* first,
                                    PVOID* second) NTAPI {
    for (PVOID* const each : {context, first, second}) *each = static_cast<int*>(*each) + 1;
  };
  KeInitializeApc(&apc, KeGetCurrentThread(), OriginalApcEnvironment, moves, nullptr, normal,
                  KernelMode, &values[0]);
  MICA_CHECK(KeInsertQueueApc(&apc, &values[2], &values[4], 0) == TRUE);
  MICA_CHECK(seen[0] == &values[1] && seen[1] == &values[3] && seen[2] == &values[5]);

  PKKERNEL_ROUTINE const stops = [](PKAPC, PKNORMAL_ROUTINE* routine, PVOID*, PVOID*, PVOID*)
                                     NTAPI { *routine = nullptr; };
  KeInitializeApc(&apc, KeGetCurrentThread(), OriginalApcEnvironment, stops, nullptr, normal,
                  KernelMode, nullptr);
  MICA_CHECK(KeInsertQueueApc(&apc, nullptr, nullptr, 0) == TRUE);
  MICA_CHECK(seen[0] == &values[1]);
}

MICA_CASE("Ke: a normal routine is interrupted by special APCs and by no normal one") {
  static Diary* diary;
  static Noted *special, *normal;
  Diary own;
  Noted first{own, 1, false}, second{own, 2, true};
  diary = &own, special = &first, normal = &second;
  KAPC apc;
  KeInitializeApc(
      &apc, KeGetCurrentThread(), OriginalApcEnvironment, nothing, nullptr,
      [](PVOID, PVOID, PVOID) NTAPI {
        MICA_CHECK(normal->insert() == TRUE && special->insert() == TRUE);
        MICA_CHECK(diary->text == 1);
        sleep(millisecond_100ns);  // it may wait
        MICA_CHECK(diary->text == 1);
        diary->note(3);
      },
      KernelMode, nullptr);
  MICA_CHECK(KeInsertQueueApc(&apc, nullptr, nullptr, 0) == TRUE);
  MICA_CHECK(own.text == 132);
}

MICA_CASE("Ke: a kernel APC runs in a thread that waits, and the wait goes on") {
  KEVENT event;
  KeInitializeEvent(&event, SynchronizationEvent, FALSE);
  NTSTATUS status = STATUS_PENDING;
  auto waiter = [&] { status = wait(&event); };
  auto* const thread = start(waiter, {.processor = 1});
  Diary diary;
  Noted special{diary, 1, false, object_of(thread)}, normal{diary, 2, true, object_of(thread)};
  for (Noted* const one : {&special, &normal}) {
    until_waiting(thread);
    MICA_CHECK(one->insert() == TRUE);
    until([&] { return one->diary->text % 10 == one->digit; });
    MICA_CHECK(one->ran_in == object_of(thread));
  }
  until_waiting(thread);
  MICA_CHECK(status == STATUS_PENDING);
  KeSetEvent(&event, 0, FALSE);
  join(thread);
  MICA_CHECK(status == STATUS_SUCCESS);
  MICA_CHECK(diary.text == 12);
}

MICA_CASE("Ke: a wait that an APC interrupted ends at the time it was to end") {
  KEVENT event;
  KeInitializeEvent(&event, SynchronizationEvent, FALSE);
  ULONG64 counter;
  LONGLONG lasted = 0;
  auto waiter = [&] {
    ULONGLONG const began = KeQueryInterruptTimePrecise(&counter);
    MICA_CHECK(wait(&event, 50 * millisecond_100ns) == STATUS_TIMEOUT);
    lasted = static_cast<LONGLONG>(KeQueryInterruptTimePrecise(&counter) - began);
  };
  auto* const thread = start(waiter, {.processor = 1});
  Diary diary;
  Noted special{diary, 1, false, object_of(thread)};
  until_waiting(thread);
  for (int i = 0; i < 3; ++i) {
    sleep(10 * millisecond_100ns);
    MICA_CHECK(special.insert() == TRUE);
  }
  join(thread);
  MICA_CHECK(diary.text == 111);
  MICA_CHECK(lasted >= 49 * millisecond_100ns && lasted < 75 * millisecond_100ns);
}

MICA_CASE("Ke: an APC interrupts a wait for several objects, and its routine may wait as well") {
  KEVENT events[2], inner;
  for (KEVENT& event : events) KeInitializeEvent(&event, SynchronizationEvent, FALSE);
  KeInitializeEvent(&inner, SynchronizationEvent, FALSE);
  for (WAIT_TYPE const type : {WaitAny, WaitAll}) {
    NTSTATUS status = STATUS_PENDING;
    auto waiter = [&] {
      PVOID objects[] = {&events[0], &events[1]};
      status = KeWaitForMultipleObjects(2, objects, type, Executive, KernelMode, FALSE, nullptr,
                                        nullptr);
    };
    auto* const thread = start(waiter, {.processor = 1});
    until_waiting(thread);
    std::atomic<bool> waited{false};
    static std::atomic<bool>* done;
    done = &waited;
    KAPC apc;
    KeInitializeApc(
        &apc, object_of(thread), OriginalApcEnvironment, nothing, nullptr,
        [](PVOID event, PVOID, PVOID) NTAPI {
          MICA_CHECK(wait(event) == STATUS_SUCCESS);
          *done = true;
        },
        KernelMode, &inner);
    MICA_CHECK(KeInsertQueueApc(&apc, nullptr, nullptr, 0) == TRUE);
    KeSetEvent(&events[0], 0, FALSE);
    KeSetEvent(&inner, 0, FALSE);
    until([&] { return waited.load(); });
    KeSetEvent(&events[1], 0, FALSE);
    join(thread);
    MICA_CHECK(status == STATUS_SUCCESS);
    MICA_CHECK(KeReadStateEvent(&events[1]) == (type == WaitAny));
    KeClearEvent(&events[1]);
  }
}

MICA_CASE(
    "Ke: a wait at APC_LEVEL or in a critical region is not interrupted by what they hold back") {
  KEVENT event;
  KeInitializeEvent(&event, SynchronizationEvent, FALSE);
  Diary diary;
  bool at_apc_level = true;
  auto waiter = [&] {
    KIRQL const old = at_apc_level ? KfRaiseIrql(APC_LEVEL) : PASSIVE_LEVEL;
    if (!at_apc_level) KeEnterCriticalRegion();
    MICA_CHECK(wait(&event) == STATUS_SUCCESS);
    MICA_CHECK(diary.text == 0);
    if (!at_apc_level) KeLeaveCriticalRegion();
    KeLowerIrql(old);
    MICA_CHECK(diary.text == 1);
  };
  for (;; at_apc_level = false) {
    auto* const thread = start(waiter, {.processor = 1});
    until_waiting(thread);
    Noted one{diary, 1, !at_apc_level, object_of(thread)};
    MICA_CHECK(one.insert() == TRUE);
    sleep(2 * millisecond_100ns);
    MICA_CHECK(diary.text == 0);
    KeSetEvent(&event, 0, FALSE);
    join(thread);
    diary.text = 0;
    if (!at_apc_level) break;
  }
}

MICA_CASE("Ke: a kernel APC interrupts a thread that runs, wherever it runs") {
  std::atomic<bool> over{false};
  auto spinner = [&] { spin_until(over); };
  auto* const thread = start(spinner, {.processor = 1});
  Diary diary;
  Noted special{diary, 1, false, object_of(thread)}, normal{diary, 2, true, object_of(thread)};
  for (Noted* const one : {&special, &normal}) {
    MICA_CHECK(one->insert() == TRUE);
    until([&] { return diary.text % 10 == one->digit; });
    MICA_CHECK(one->ran_in == object_of(thread));
  }
  over = true;
  join(thread);
}

MICA_CASE("Ke: a user APC ends alertable waits until it is removed") {
  KEVENT event;
  KeInitializeEvent(&event, SynchronizationEvent, FALSE);
  NTSTATUS statuses[2] = {STATUS_PENDING, STATUS_PENDING};
  std::atomic<bool> over{false};
  auto waiter = [&] {
    for (NTSTATUS& status : statuses)
      status = KeWaitForSingleObject(&event, UserRequest, UserMode, TRUE, nullptr);
    MICA_CHECK(wait(&event, 2 * millisecond_100ns, FALSE) == STATUS_TIMEOUT);
    over = true;
    MICA_CHECK(wait(&event) == STATUS_SUCCESS);
    MICA_CHECK(wait(&event, 2 * millisecond_100ns, TRUE) == STATUS_TIMEOUT);
  };
  auto* const thread = start(waiter, {.processor = 1});
  until_waiting(thread);
  KAPC apc;
  KeInitializeApc(
      &apc, object_of(thread), OriginalApcEnvironment, nothing, nullptr,
      [](PVOID, PVOID, PVOID) NTAPI { MICA_CHECK(!"there is no user mode"); }, UserMode, nullptr);
  MICA_CHECK(KeInsertQueueApc(&apc, nullptr, nullptr, 0) == TRUE);
  until([&] { return over.load(); });
  until_waiting(thread);
  MICA_CHECK(statuses[0] == STATUS_USER_APC && statuses[1] == STATUS_USER_APC);
  MICA_CHECK(KeRemoveQueueApc(&apc) == TRUE);
  KeSetEvent(&event, 0, FALSE);
  join(thread);
}

MICA_CASE("Ke: a thread that ends runs its user APCs down, and takes no more") {
  static PKTHREAD run_down_in;
  static KIRQL run_down_at;
  run_down_in = nullptr;
  run_down_at = HIGH_LEVEL;
  Diary diary;
  KAPC apc;
  std::atomic<PKTHREAD> ended{nullptr};
  auto body = [&] {
    ended = KeGetCurrentThread();
    KeInitializeApc(
        &apc, KeGetCurrentThread(), OriginalApcEnvironment, nothing,
        [](PKAPC) NTAPI {
          run_down_in = KeGetCurrentThread();
          run_down_at = KeGetCurrentIrql();
        },
        [](PVOID, PVOID, PVOID) NTAPI {}, UserMode, nullptr);
    MICA_CHECK(KeInsertQueueApc(&apc, nullptr, nullptr, 0) == TRUE);
  };
  auto* const thread = start(body);
  MICA_CHECK(wait(object_of(thread)) == STATUS_SUCCESS);
  MICA_CHECK(run_down_in == ended && run_down_at == PASSIVE_LEVEL);
  MICA_CHECK(apc.Inserted == FALSE);
  Noted late{diary, 1, false, object_of(thread)};
  MICA_CHECK(late.insert() == FALSE);
  join(thread);
  MICA_CHECK(diary.text == 0);
}

MICA_CASE("Ke: KeTestAlertThread takes an alert back") {
  KEVENT event;
  KeInitializeEvent(&event, SynchronizationEvent, FALSE);
  MICA_CHECK(KeTestAlertThread(KernelMode) == FALSE);
  MICA_CHECK(KeAlertThread(KeGetCurrentThread(), KernelMode) == FALSE);
  MICA_CHECK(KeTestAlertThread(KernelMode) == TRUE);
  MICA_CHECK(KeTestAlertThread(KernelMode) == FALSE);
  MICA_CHECK(wait(&event, millisecond_100ns, TRUE) == STATUS_TIMEOUT);
}

MICA_CASE("Ke: an APC's routine that comes back at another level is a bugcheck") {
  PKKERNEL_ROUTINE const lowers = [](PKAPC, PKNORMAL_ROUTINE*, PVOID*, PVOID*, PVOID*)
                                      NTAPI { KeLowerIrql(PASSIVE_LEVEL); };
  PKNORMAL_ROUTINE const raises = [](PVOID, PVOID, PVOID)
                                      NTAPI { static_cast<void>(KfRaiseIrql(APC_LEVEL)); };
  static KAPC apc;
  Bugcheck const kernel = bugcheck_of([&] {
    KeInitializeApc(&apc, KeGetCurrentThread(), OriginalApcEnvironment, lowers, nullptr, nullptr,
                    KernelMode, nullptr);
    KeInsertQueueApc(&apc, nullptr, nullptr, 0);
  });
  MICA_CHECK(kernel.happened && kernel.code == IRQL_UNEXPECTED_VALUE);
  MICA_CHECK(kernel.parameters[0] == (PASSIVE_LEVEL << 16 | APC_LEVEL << 8));
  MICA_CHECK(kernel.parameters[1] == reinterpret_cast<ULONG_PTR>(lowers));
  MICA_CHECK(kernel.parameters[2] == reinterpret_cast<ULONG_PTR>(&apc));
  Bugcheck const normal = bugcheck_of([&] {
    KeInitializeApc(&apc, KeGetCurrentThread(), OriginalApcEnvironment, nothing, nullptr, raises,
                    KernelMode, nullptr);
    KeInsertQueueApc(&apc, nullptr, nullptr, 0);
  });
  MICA_CHECK(normal.happened && normal.code == IRQL_UNEXPECTED_VALUE);
  MICA_CHECK(normal.parameters[0] == (APC_LEVEL << 16 | PASSIVE_LEVEL << 8 | 1));
  MICA_CHECK(normal.parameters[3] == reinterpret_cast<ULONG_PTR>(raises));
}

MICA_CASE("Ke: APCs are queued and removed at DISPATCH_LEVEL at most") {
  static KAPC apc;
  KeInitializeApc(&apc, KeGetCurrentThread(), OriginalApcEnvironment, nothing, nullptr, nullptr,
                  KernelMode, nullptr);
  Bugcheck const insert = bugcheck_of([] {
    static_cast<void>(KfRaiseIrql(DISPATCH_LEVEL + 1));
    KeInsertQueueApc(&apc, nullptr, nullptr, 0);
  });
  MICA_CHECK(insert.happened && insert.code == IRQL_NOT_LESS_OR_EQUAL);
  MICA_CHECK(insert.parameters[0] == reinterpret_cast<ULONG_PTR>(&apc));
  Bugcheck const remove = bugcheck_of([] {
    static_cast<void>(KfRaiseIrql(DISPATCH_LEVEL + 1));
    KeRemoveQueueApc(&apc);
  });
  MICA_CHECK(remove.happened && remove.code == IRQL_NOT_LESS_OR_EQUAL);
}
