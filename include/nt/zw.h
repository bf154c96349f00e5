// System services by their kernel names.
#pragma once

#include <nt/ke.h>
#include <nt/zw/drivers.h>
#include <nt/zw/events.h>
#include <nt/zw/files.h>
#include <nt/zw/keys.h>
#include <nt/zw/objects.h>
#include <nt/zw/system.h>
#include <nt/zw/transactions.h>

#ifdef __cplusplus
extern "C" {
#endif

// Gives way to a ready thread of the same priority or higher on this processor: STATUS_SUCCESS, or
// STATUS_NO_YIELD_PERFORMED. IRQL <= APC_LEVEL.
//                                                                                    [WI7 p1 ch4]
NTSTATUS NTAPI ZwYieldExecution(void);

// The system time is *NewTime from the last tick on, in 100 ns since 1601; *OldTime, unless NULL,
// is what it was at that tick. Timers and waits with an absolute due time follow: those whose time
// has come are over at once. Relative ones, and the time since the start, do not change.
// STATUS_INVALID_PARAMETER for a negative time. IRQL PASSIVE_LEVEL.               [MSDN KeSetTimer]
NTSTATUS NTAPI ZwSetSystemTime(PLARGE_INTEGER NewTime, PLARGE_INTEGER OldTime);

#ifdef __cplusplus
}
#endif
