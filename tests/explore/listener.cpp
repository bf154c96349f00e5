// What prints meets who takes the listener back; callbacks of a bugcheck that are registered at
// once.
#include <nt/rtl/debug.h>

#include "together.hpp"

using namespace mica::explore;

namespace {

int data;  // what the listener needs: plain, guarded by nothing but its registration
int heard;

VOID NTAPI listen(PSTRING, ULONG, ULONG) {
  heard += data;
}

void NTAPI not_called(PVOID, ULONG) {}

}  // namespace

MICA_EXPLORE("Dbg-taken-back",
             "Dbg: once a listener was taken back it is not called, and what it used may go",
             .processors = 2, .bound = 2) {
  data = 1;
  heard = 0;
  MICA_CHECK(DbgSetDebugPrintCallback(&listen, TRUE) == STATUS_SUCCESS);
  auto program = [](unsigned number) {
    if (number == 0) {
      DbgPrint(".");
      return;
    }
    MICA_CHECK(DbgSetDebugPrintCallback(&listen, FALSE) == STATUS_SUCCESS);
    data = 2;
  };
  run_together(window, {.count = 2}, program);
  MICA_CHECK(heard == 0 || heard == 1);
}

MICA_EXPLORE("Dbg-set", "Dbg: a listener finds what was written before it was set", .processors = 2,
             .bound = 2) {
  data = heard = 0;
  auto program = [](unsigned number) {
    if (number == 0) {
      DbgPrint(".");
      return;
    }
    point();  // what stands before it is done before the window opens
    data = 1;
    MICA_CHECK(DbgSetDebugPrintCallback(&listen, TRUE) == STATUS_SUCCESS);
  };
  run_together(window, {.count = 2}, program);
  MICA_CHECK(DbgSetDebugPrintCallback(&listen, FALSE) == STATUS_SUCCESS);
}

namespace {

struct Enrolled {
  KBUGCHECK_CALLBACK_RECORD record;
  UCHAR component[9] = "explored";

  Enrolled() noexcept { KeInitializeCallbackRecord(&record); }
  ~Enrolled() { MICA_CHECK(KeDeregisterBugCheckCallback(&record)); }
  void enroll() noexcept {
    MICA_CHECK(KeRegisterBugCheckCallback(&record, not_called, nullptr, 0, component));
  }
  void twice() noexcept {
    enroll();
    MICA_CHECK(KeDeregisterBugCheckCallback(&record));
    enroll();
  }
};

}  // namespace

MICA_EXPLORE("Ke-callbacks", "Ke: two processors register callbacks of a bugcheck at once",
             .processors = 2, .bound = 1) {
  Enrolled first, second;
  auto program = [&](unsigned number) { (number == 0 ? first : second).twice(); };
  run_together(window, {.count = 2}, program);
}

MICA_EXPLORE("Ke-callbacks-interrupted",
             "Ke: who registers a callback of a bugcheck is interrupted by one who does, too",
             .processors = 2, .bound = 2) {
  Enrolled first, second;
  KDPC dpc;
  KeInitializeDpc(
      &dpc,
      [](PKDPC, PVOID context, PVOID, PVOID) NTAPI { static_cast<Enrolled*>(context)->enroll(); },
      &second);
  KeSetTargetProcessorDpc(&dpc, 0);
  auto program = [&](unsigned number) {
    if (number == 1) {
      KeInsertQueueDpc(&dpc, nullptr, nullptr);
      return;
    }
    Passive passive;
    first.twice();
  };
  run_together(window, {.count = 2, .leaves = true}, program);
  KeFlushQueuedDpcs();
}
