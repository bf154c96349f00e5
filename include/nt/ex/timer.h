// Timers that the executive allocates.
//                                                 [MSDN "ExXxxTimer Routines and EX_TIMER Objects"]
//   A timer is an object to wait on, too. It expires with the clock's ticks: there is no power to
//   save and no finer clock, so EX_TIMER_HIGH_RESOLUTION, EX_TIMER_NO_WAKE and its tolerance are
//   checked, and change nothing.
#pragma once

#include <nt/ke.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct _EX_TIMER* PEX_TIMER;
struct _EXT_CANCEL_PARAMETERS;
typedef struct _EXT_CANCEL_PARAMETERS* PEXT_CANCEL_PARAMETERS;

// Called when the timer expires, at DISPATCH_LEVEL.                     [MSDN EXT_CALLBACK]
typedef VOID(NTAPI EXT_CALLBACK)(PEX_TIMER Timer, PVOID Context);
typedef EXT_CALLBACK* PEXT_CALLBACK;
// Called when a timer is gone, at DISPATCH_LEVEL.                       [MSDN EXT_DELETE_CALLBACK]
typedef VOID(NTAPI EXT_DELETE_CALLBACK)(PVOID Context);
typedef EXT_DELETE_CALLBACK* PEXT_DELETE_CALLBACK;

#define EX_TIMER_HIGH_RESOLUTION 4
#define EX_TIMER_NO_WAKE 8
#define EX_TIMER_NOTIFICATION 0x80000000U  // stays signaled; without it satisfies one wait
#define EX_TIMER_UNLIMITED_TOLERANCE ((LONGLONG)-1)

typedef struct _EXT_SET_PARAMETERS_V0 {
  ULONG Version;
  ULONG Reserved;
  LONGLONG NoWakeTolerance;  // 100 ns; of a timer that is EX_TIMER_NO_WAKE
} EXT_SET_PARAMETERS, *PEXT_SET_PARAMETERS;

typedef struct _EXT_DELETE_PARAMETERS {
  ULONG Version;
  ULONG Reserved;
  PEXT_DELETE_CALLBACK DeleteCallback;
  PVOID DeleteContext;
} EXT_DELETE_PARAMETERS, *PEXT_DELETE_PARAMETERS;

static inline VOID ExInitializeSetTimerParameters(PEXT_SET_PARAMETERS Parameters) {
  EXT_SET_PARAMETERS const empty = {0, 0, 0};
  *Parameters = empty;
}

static inline VOID ExInitializeDeleteTimerParameters(PEXT_DELETE_PARAMETERS Parameters) {
  EXT_DELETE_PARAMETERS const empty = {0, 0, 0, 0};
  *Parameters = empty;
}

// Null without memory. Callback may be null. Attributes that exclude each other (EX_TIMER_NO_WAKE,
// EX_TIMER_HIGH_RESOLUTION), or that do not exist, are bugcheck TIMER_OR_DPC_INVALID.
// IRQL <= DISPATCH_LEVEL.                                                   [MSDN ExAllocateTimer]
PEX_TIMER NTAPI ExAllocateTimer(PEXT_CALLBACK Callback, PVOID CallbackContext, ULONG Attributes);

// As KeSetTimerEx, with Period in 100 ns. Parameters may be null. TRUE if the timer was set before.
// FALSE without effect when it is being deleted. A negative Period or tolerance (but
// EX_TIMER_UNLIMITED_TOLERANCE) is bugcheck TIMER_OR_DPC_INVALID. IRQL <= DISPATCH_LEVEL.
//                                                                                [MSDN ExSetTimer]
BOOLEAN NTAPI ExSetTimer(PEX_TIMER Timer, LONGLONG DueTime, LONGLONG Period,
                         PEXT_SET_PARAMETERS Parameters);

// TRUE if the timer was set. Parameters is reserved: null. IRQL <= DISPATCH_LEVEL.
//                                                                             [MSDN ExCancelTimer]
BOOLEAN NTAPI ExCancelTimer(PEX_TIMER Timer, PEXT_CANCEL_PARAMETERS Parameters);

// The timer is gone when it has expired for the last time and its callback has returned. Cancel: it
// does not expire any more, and the call returns TRUE if it was set; a periodic one must be. Wait
// (only with Cancel): the call returns when the timer is gone. Parameters (may be null) name whom
// to call then. IRQL <= DISPATCH_LEVEL, with Wait <= APC_LEVEL.
//                                                                              [MSDN ExDeleteTimer]
BOOLEAN NTAPI ExDeleteTimer(PEX_TIMER Timer, BOOLEAN Cancel, BOOLEAN Wait,
                            PEXT_DELETE_PARAMETERS Parameters);

#ifdef __cplusplus
}
#endif
