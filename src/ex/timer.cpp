// Timers that the executive allocates.       [MSDN "ExXxxTimer Routines and EX_TIMER Objects"]
//   Expiry and deletion are DPCs of one processor, so they never meet: what a deletion finds when
//   its DPC runs is not running any more.
#include <nt/ex.h>

#include <algorithm>

#include "ke/kernel_spin_guard.hpp"
#include "ke/object_lock.hpp"
#include "ke/processor.hpp"
#include "ke/verifier.hpp"

using namespace mica;

struct _EX_TIMER {
  KTIMER timer;  // first: drivers wait on it
  KDPC expiry;
  KDPC deletion;
  PEXT_CALLBACK callback;
  PVOID context;
  KSPIN_LOCK lock;  // guards the two
  bool deleted;
  bool periodic;
  EXT_DELETE_PARAMETERS last;  // from here on written by who deletes, before its DPC
  PKEVENT gone;
};

namespace mica::ex {
namespace {

constexpr ULONG tag_timer = 'rmTE';
constexpr ULONG_PTR invalid_timer = 0;  // TIMER_OR_DPC_INVALID: what is invalid
constexpr LONGLONG millisecond_100ns = 10'000;

void NTAPI require(bool holds, void const* timer, ULONG_PTR what) noexcept {
  if (!holds) [[unlikely]]
    ke::bugcheck(TIMER_OR_DPC_INVALID, invalid_timer, ke::as_parameter(timer), what);
}

// A period in milliseconds, not shorter than it says.
LONG NTAPI period_of(LONGLONG period_100ns) noexcept {
  LONGLONG const milliseconds =
      period_100ns / millisecond_100ns + (period_100ns % millisecond_100ns != 0 ? 1 : 0);
  return static_cast<LONG>(std::min<LONGLONG>(milliseconds, MAXLONG));
}

bool NTAPI is_set(KTIMER& timer) noexcept {
  ke::ObjectGuard guard{timer.Header};
  return timer.Header.Inserted != 0;
}

void NTAPI call_back(_EX_TIMER& timer) {
  if (timer.callback != nullptr)
    trace::call(ke::listener(), trace::Callback::timer, timer.callback, &timer, timer.context);
}

void NTAPI expire(PKDPC, PVOID context, PVOID, PVOID) {
  auto& timer = *static_cast<_EX_TIMER*>(context);
  call_back(timer);
  ke::KernelSpinGuardAtDispatch guard{timer.lock};
  if (timer.deleted) static_cast<void>(KeInsertQueueDpc(&timer.deletion, nullptr, nullptr));
}

// The timer was deleted: nobody sets it any more.
void NTAPI remove(PKDPC, PVOID context, PVOID, PVOID) {
  auto& timer = *static_cast<_EX_TIMER*>(context);
  // Who deletes it has let it go.
  { ke::KernelSpinGuardAtDispatch guard{timer.lock}; }
  // Its expiry will come here again.
  if (is_set(timer.timer)) return;
  if (KeRemoveQueueDpc(&timer.expiry)) call_back(timer);
  EXT_DELETE_PARAMETERS const last = timer.last;
  PKEVENT const gone = timer.gone;
  ExFreePoolWithTag(&timer, tag_timer);
  if (last.DeleteCallback != nullptr) last.DeleteCallback(last.DeleteContext);
  if (gone != nullptr) static_cast<void>(KeSetEvent(gone, 0, FALSE));
}

void NTAPI place(KDPC& dpc, PKDEFERRED_ROUTINE routine, _EX_TIMER& timer,
                 ULONG processor) noexcept {
  KeInitializeDpc(&dpc, routine, &timer);
  KeSetTargetProcessorDpc(&dpc, static_cast<CCHAR>(processor));
}

}  // namespace
}  // namespace mica::ex

using namespace mica::ex;

PEX_TIMER NTAPI ExAllocateTimer(PEXT_CALLBACK Callback, PVOID CallbackContext, ULONG Attributes) {
  constexpr ULONG exclusive = EX_TIMER_HIGH_RESOLUTION | EX_TIMER_NO_WAKE;
  require((Attributes & exclusive) != exclusive &&
              (Attributes & ~(exclusive | EX_TIMER_NOTIFICATION)) == 0,
          nullptr, Attributes);
  auto* const timer =
      static_cast<_EX_TIMER*>(ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(_EX_TIMER), tag_timer));
  if (timer == nullptr) return nullptr;
  bool const notifies = (Attributes & EX_TIMER_NOTIFICATION) != 0;
  KeInitializeTimerEx(&timer->timer, notifies ? NotificationTimer : SynchronizationTimer);
  ULONG const processor = KeGetCurrentProcessorNumberEx(nullptr);
  place(timer->expiry, expire, *timer, processor);
  place(timer->deletion, remove, *timer, processor);
  timer->callback = Callback;
  timer->context = CallbackContext;
  return timer;
}

BOOLEAN NTAPI ExSetTimer(PEX_TIMER Timer, LONGLONG DueTime, LONGLONG Period,
                         PEXT_SET_PARAMETERS Parameters) {
  require(Period >= 0, Timer, static_cast<ULONG_PTR>(Period));
  if (Parameters != nullptr)
    require(Parameters->NoWakeTolerance >= EX_TIMER_UNLIMITED_TOLERANCE, Timer,
            static_cast<ULONG_PTR>(Parameters->NoWakeTolerance));
  LARGE_INTEGER due;
  due.QuadPart = DueTime;
  ke::KernelSpinGuard guard{Timer->lock};
  if (Timer->deleted) return FALSE;
  Timer->periodic = Period != 0;
  return KeSetTimerEx(&Timer->timer, due, period_of(Period), &Timer->expiry);
}

BOOLEAN NTAPI ExCancelTimer(PEX_TIMER Timer, PEXT_CANCEL_PARAMETERS) {
  return KeCancelTimer(&Timer->timer);
}

BOOLEAN NTAPI ExDeleteTimer(PEX_TIMER Timer, BOOLEAN Cancel, BOOLEAN Wait,
                            PEXT_DELETE_PARAMETERS Parameters) {
  require(Wait == FALSE || Cancel != FALSE, Timer, Wait);
  MICA_REQUIRE_IRQL_AT_MOST(Wait != FALSE ? APC_LEVEL : DISPATCH_LEVEL, Timer);
  KEVENT gone;
  KeInitializeEvent(&gone, NotificationEvent, FALSE);
  KIRQL const old = KeAcquireSpinLockRaiseToDpc(&Timer->lock);
  if (Timer->deleted || (Cancel == FALSE && Timer->periodic)) [[unlikely]] {
    KeReleaseSpinLock(&Timer->lock, old);
    require(false, Timer, Cancel);
  }
  Timer->deleted = true;
  if (Parameters != nullptr) Timer->last = *Parameters;
  if (Wait != FALSE) Timer->gone = &gone;
  BOOLEAN const cancelled = Cancel != FALSE ? KeCancelTimer(&Timer->timer) : FALSE;
  // Before the unlock: after it the timer may expire, and be gone.
  static_cast<void>(KeInsertQueueDpc(&Timer->deletion, nullptr, nullptr));
  KeReleaseSpinLock(&Timer->lock, old);
  if (Wait != FALSE)
    static_cast<void>(KeWaitForSingleObject(&gone, Executive, KernelMode, FALSE, nullptr));
  return cancelled;
}
