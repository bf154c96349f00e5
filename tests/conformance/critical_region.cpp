#include <mica/test.hpp>

using namespace mica::test;

MICA_CASE("Ke: critical regions nest") {
  MICA_CHECK(KeAreApcsDisabled() == FALSE);
  KeEnterCriticalRegion();
  MICA_CHECK(KeAreApcsDisabled() == TRUE);
  KeEnterCriticalRegion();
  KeLeaveCriticalRegion();
  MICA_CHECK(KeAreApcsDisabled() == TRUE);
  KeLeaveCriticalRegion();
  MICA_CHECK(KeAreApcsDisabled() == FALSE);
}

MICA_CASE("Ke: a critical region is its thread's own") {
  KeEnterCriticalRegion();
  BOOLEAN other = TRUE;
  auto body = [&other] { other = KeAreApcsDisabled(); };
  join(start(body));
  MICA_CHECK(other == FALSE);
  KeLeaveCriticalRegion();
}

MICA_CASE("Ke: a mutex keeps APCs away from its owner") {
  KMUTEX mutex;
  KeInitializeMutex(&mutex, 0);
  MICA_REQUIRE(KeWaitForSingleObject(&mutex, Executive, KernelMode, FALSE, nullptr) ==
               STATUS_SUCCESS);
  MICA_CHECK(KeAreApcsDisabled() == TRUE);
  static_cast<void>(KeReleaseMutex(&mutex, FALSE));
  MICA_CHECK(KeAreApcsDisabled() == FALSE);
}

MICA_CASE("Ke: a wait inside a critical region keeps it") {
  KeEnterCriticalRegion();
  sleep(millisecond_100ns);
  MICA_CHECK(KeAreApcsDisabled() == TRUE);
  KeLeaveCriticalRegion();
}

MICA_CASE("Ke: leaving a critical region without having entered one is a violation") {
  Bugcheck const end = bugcheck_of([] { KeLeaveCriticalRegion(); });
  MICA_CHECK(end.happened && end.code == DRIVER_VERIFIER_DETECTED_VIOLATION &&
             end.parameters[0] == 0x3E);
}

MICA_CASE("Ke: critical regions above APC_LEVEL are violations") {
  Bugcheck const enter = bugcheck_of([] {
    static_cast<void>(KeRaiseIrqlToDpcLevel());
    KeEnterCriticalRegion();
  });
  MICA_CHECK(enter.happened && enter.code == DRIVER_VERIFIER_DETECTED_VIOLATION &&
             enter.parameters[0] == 0x11A);
  MICA_CHECK(enter.parameters[1] == DISPATCH_LEVEL);
  Bugcheck const leave = bugcheck_of([] {
    KeEnterCriticalRegion();
    static_cast<void>(KeRaiseIrqlToDpcLevel());
    KeLeaveCriticalRegion();
  });
  MICA_CHECK(leave.happened && leave.code == DRIVER_VERIFIER_DETECTED_VIOLATION &&
             leave.parameters[0] == 0x11B);
  MICA_CHECK(leave.parameters[1] == DISPATCH_LEVEL);
}
