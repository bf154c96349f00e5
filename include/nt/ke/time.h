// Time. Units: 100 ns unless said otherwise. Any IRQL.
#pragma once

#include <nt/ke/dispatcher.h>

#ifdef __cplusplus
extern "C" {
#endif

// The length of a clock tick.                                         [MSDN KeQueryTimeIncrement]
ULONG NTAPI KeQueryTimeIncrement(void);
// Ticks since start. A macro over the shared page in the DDK.            [MSDN KeQueryTickCount]
VOID NTAPI KeQueryTickCount(PLARGE_INTEGER CurrentCount);

// Since 1601, UTC; at the last tick, and now.                          [MSDN KeQuerySystemTime]
VOID NTAPI KeQuerySystemTime(PLARGE_INTEGER CurrentTime);
VOID NTAPI KeQuerySystemTimePrecise(PLARGE_INTEGER CurrentTime);

// Since start: at the last tick; now, with the performance counter of that moment in *QpcTimeStamp;
// and without time spent asleep.                                        [MSDN KeQueryInterruptTime]
ULONGLONG NTAPI KeQueryInterruptTime(void);
ULONGLONG NTAPI KeQueryInterruptTimePrecise(PULONG64 QpcTimeStamp);
ULONGLONG NTAPI KeQueryUnbiasedInterruptTime(void);

// The finest counter; its ticks a second in *PerformanceFrequency (may be null).
//                                                                 [MSDN KeQueryPerformanceCounter]
LARGE_INTEGER NTAPI KeQueryPerformanceCounter(PLARGE_INTEGER PerformanceFrequency);

// Spins that long.                                               [MSDN KeStallExecutionProcessor]
VOID NTAPI KeStallExecutionProcessor(ULONG MicroSeconds);

#ifdef __cplusplus
}
#endif
