// Guarded regions.                              [MSDN KeEnterGuardedRegion, KeAreAllApcsDisabled]
#include <nt/ps.h>
#include <mica/test.hpp>

#include <initializer_list>

using namespace mica::test;

MICA_CASE("Ke: guarded regions nest") {
  MICA_CHECK(KeAreAllApcsDisabled() == FALSE);
  KeEnterGuardedRegion();
  MICA_CHECK(KeAreAllApcsDisabled() == TRUE);
  KeEnterGuardedRegion();
  KeLeaveGuardedRegion();
  MICA_CHECK(KeAreAllApcsDisabled() == TRUE);
  KeLeaveGuardedRegion();
  MICA_CHECK(KeAreAllApcsDisabled() == FALSE);
}

MICA_CASE("Ke: a guarded region keeps normal APCs away too") {
  KeEnterGuardedRegion();
  MICA_CHECK(KeAreApcsDisabled() == TRUE);
  KeLeaveGuardedRegion();
  MICA_CHECK(KeAreApcsDisabled() == FALSE);
}

MICA_CASE("Ke: a critical region does not keep all APCs away") {
  KeEnterCriticalRegion();
  MICA_CHECK(KeAreAllApcsDisabled() == FALSE);
  KeEnterGuardedRegion();
  KeLeaveCriticalRegion();
  MICA_CHECK(KeAreAllApcsDisabled() == TRUE);
  MICA_CHECK(KeAreApcsDisabled() == TRUE);
  KeLeaveGuardedRegion();
  MICA_CHECK(KeAreApcsDisabled() == FALSE);
}

MICA_CASE("Ke: APC_LEVEL and above keep all APCs away, and are no region") {
  for (KIRQL const level : {APC_LEVEL, DISPATCH_LEVEL}) {
    KIRQL old;
    KeRaiseIrql(level, &old);
    MICA_CHECK(KeAreAllApcsDisabled() == TRUE);
    MICA_CHECK(KeAreApcsDisabled() == FALSE);
    KeLowerIrql(old);
  }
}

MICA_CASE("Ke: a guarded region is its thread's own, and stays through a wait") {
  KeEnterGuardedRegion();
  BOOLEAN other = TRUE;
  auto body = [&other] { other = KeAreAllApcsDisabled(); };
  join(start(body));
  MICA_CHECK(other == FALSE);
  MICA_CHECK(KeAreAllApcsDisabled() == TRUE);
  KeLeaveGuardedRegion();
}

MICA_CASE("Ke: a guarded region may be entered and left at APC_LEVEL") {
  KIRQL old;
  KeRaiseIrql(APC_LEVEL, &old);
  KeEnterGuardedRegion();
  KeLowerIrql(old);
  MICA_CHECK(KeAreAllApcsDisabled() == TRUE);
  KeRaiseIrql(APC_LEVEL, &old);
  KeLeaveGuardedRegion();
  KeLowerIrql(old);
  MICA_CHECK(KeAreAllApcsDisabled() == FALSE);
}

MICA_CASE("Ke: leaving a guarded region without having entered one is a violation") {
  Bugcheck const end = bugcheck_of([] {
    KeEnterCriticalRegion();
    KeLeaveGuardedRegion();
  });
  MICA_CHECK(end.happened && end.code == DRIVER_VERIFIER_DETECTED_VIOLATION);
  MICA_CHECK(end.parameters[0] == 0x4000E);
  MICA_CHECK(end.parameters[1] != 0);
}

MICA_CASE("Ke: guarded regions above APC_LEVEL are violations") {
  Bugcheck const enter = bugcheck_of([] {
    static_cast<void>(KeRaiseIrqlToDpcLevel());
    KeEnterGuardedRegion();
  });
  MICA_CHECK(enter.happened && enter.code == DRIVER_VERIFIER_DETECTED_VIOLATION &&
             enter.parameters[0] == 0x20010);
  Bugcheck const leave = bugcheck_of([] {
    KeEnterGuardedRegion();
    static_cast<void>(KeRaiseIrqlToDpcLevel());
    KeLeaveGuardedRegion();
  });
  MICA_CHECK(leave.happened && leave.code == DRIVER_VERIFIER_DETECTED_VIOLATION &&
             leave.parameters[0] == 0x20010);
}

MICA_CASE("Ke: a thread that ends in a guarded region is bugcheck 20") {
  Bugcheck const end = bugcheck_of([] {
    KeEnterGuardedRegion();
    KeEnterCriticalRegion();
    PsTerminateSystemThread(STATUS_SUCCESS);
  });
  MICA_CHECK(end.happened && end.code == KERNEL_APC_PENDING_DURING_EXIT);
  MICA_CHECK(end.parameters[1] == 0xFFFFFFFF);
}
