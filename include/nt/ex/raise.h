// Raising exceptions, and the time of day.
#pragma once

#include <nt/ntdef.h>

#ifdef __cplusplus
extern "C" {
#endif

// Raise an exception in the caller: one that nobody handles is bugcheck
// KMODE_EXCEPTION_NOT_HANDLED with the status and the caller's address. Do not return.
// IRQL <= APC_LEVEL.                                                           [MSDN ExRaiseStatus]
DECLSPEC_NORETURN VOID NTAPI ExRaiseStatus(NTSTATUS Status);
DECLSPEC_NORETURN VOID NTAPI ExRaiseAccessViolation(VOID);       // STATUS_ACCESS_VIOLATION
DECLSPEC_NORETURN VOID NTAPI ExRaiseDatatypeMisalignment(VOID);  // STATUS_DATATYPE_MISALIGNMENT

// From UTC to local time and back, in 100 ns since 1601, by the bias that KUSER_SHARED_DATA has.
// Any IRQL.                                                          [MSDN ExSystemTimeToLocalTime]
VOID NTAPI ExSystemTimeToLocalTime(PLARGE_INTEGER SystemTime, PLARGE_INTEGER LocalTime);
VOID NTAPI ExLocalTimeToSystemTime(PLARGE_INTEGER LocalTime, PLARGE_INTEGER SystemTime);

#ifdef __cplusplus
}
#endif
