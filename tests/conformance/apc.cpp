// APCs: where, when and in which order they run.
//                                     [MSDN "Types of APCs", "Disabling APCs"; WI7 p1 ch3]
#include <nt/ps.h>

#include "apc_support.hpp"

using namespace mica::test;

MICA_CASE("Ke: an initialized APC says what it is, and a special one is the kernel's") {
  KAPC apc;
  KeInitializeApc(&apc, KeGetCurrentThread(), OriginalApcEnvironment, nothing, nullptr, nullptr,
                  UserMode, &apc);
  MICA_CHECK(apc.Type == 18 && apc.Size == sizeof apc);
  MICA_CHECK(apc.Thread == KeGetCurrentThread() && apc.Inserted == FALSE);
  MICA_CHECK(apc.ApcMode == KernelMode && apc.NormalContext == nullptr);
}

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
    AtLevel const raised{APC_LEVEL};
    for (Noted* const one : {&normal_1, &special_2, &normal_3, &special_4})
      MICA_CHECK(one->insert() == TRUE);
    { AtLevel const higher{DISPATCH_LEVEL}; }
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
    AtLevel const raised{APC_LEVEL};
    KeLeaveCriticalRegion();
    MICA_CHECK(diary.text == 0);
  }
  MICA_CHECK(diary.text == 1);
}

MICA_CASE("Ke: an APC is queued once at a time, and may be removed") {
  Diary diary;
  Noted normal{diary, 1, true};
  {
    AtLevel const raised{APC_LEVEL};
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
    AtLevel const raised{APC_LEVEL};
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

MICA_CASE("Ke: what a special APC's kernel routine puts in place of a normal one is not called") {
  KAPC apc;
  bool called = false;
  KeInitializeApc(
      &apc, KeGetCurrentThread(), OriginalApcEnvironment,
      [](PKAPC, PKNORMAL_ROUTINE* normal, PVOID* context, PVOID* first, PVOID*) NTAPI {
        *context = *first;
        *normal = [](PVOID context, PVOID, PVOID) NTAPI { *static_cast<bool*>(context) = true; };
      },
      nullptr, nullptr, KernelMode, nullptr);
  MICA_CHECK(KeInsertQueueApc(&apc, &called, nullptr, 0) == TRUE);
  MICA_CHECK(!called);
}

MICA_CASE("Ke: a thread that ends inside a normal APC leaves no other one behind: bugcheck 20") {
  static KAPC outer, inner;
  Bugcheck const end = bugcheck_of([] {
    KeInitializeApc(&inner, KeGetCurrentThread(), OriginalApcEnvironment, nothing, nullptr,
                    [](PVOID, PVOID, PVOID) NTAPI {}, KernelMode, nullptr);
    KeInitializeApc(
        &outer, KeGetCurrentThread(), OriginalApcEnvironment, nothing, nullptr,
        [](PVOID, PVOID, PVOID) NTAPI {
          MICA_CHECK(KeInsertQueueApc(&inner, nullptr, nullptr, 0) == TRUE);
          PsTerminateSystemThread(STATUS_SUCCESS);
        },
        KernelMode, nullptr);
    KeInsertQueueApc(&outer, nullptr, nullptr, 0);
  });
  MICA_CHECK(end.happened && end.code == KERNEL_APC_PENDING_DURING_EXIT);
  MICA_CHECK(end.parameters[0] == reinterpret_cast<ULONG_PTR>(&inner));
}
