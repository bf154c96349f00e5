// Times as people write them: in the calendar of Gregory, from 1601 on, without leap seconds. A
// time is in 100 ns since 1601. Any IRQL.
#pragma once

#include <nt/ntdef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct _TIME_FIELDS {
  CSHORT Year;   // 1601 to 30827
  CSHORT Month;  // 1 to 12
  CSHORT Day;    // from 1 on
  CSHORT Hour;   // 0 to 23
  CSHORT Minute;
  CSHORT Second;
  CSHORT Milliseconds;
  CSHORT Weekday;  // 0 is Sunday
} TIME_FIELDS, *PTIME_FIELDS;

// What is less than a millisecond is left out.                        [MSDN RtlTimeToTimeFields]
VOID NTAPI RtlTimeToTimeFields(PLARGE_INTEGER Time, PTIME_FIELDS TimeFields);
// FALSE: a field is not in its range. Weekday is not looked at.       [MSDN RtlTimeFieldsToTime]
BOOLEAN NTAPI RtlTimeFieldsToTime(PTIME_FIELDS TimeFields, PLARGE_INTEGER Time);

// Whole seconds since the beginning of 1970 and of 1980. FALSE: no ULONG holds them.
//                            [MSDN RtlTimeToSecondsSince1970, RtlTimeToSecondsSince1980; ntddk.h]
BOOLEAN NTAPI RtlTimeToSecondsSince1970(PLARGE_INTEGER Time, PULONG ElapsedSeconds);
BOOLEAN NTAPI RtlTimeToSecondsSince1980(PLARGE_INTEGER Time, PULONG ElapsedSeconds);
VOID NTAPI RtlSecondsSince1970ToTime(ULONG ElapsedSeconds, PLARGE_INTEGER Time);
VOID NTAPI RtlSecondsSince1980ToTime(ULONG ElapsedSeconds, PLARGE_INTEGER Time);

#ifdef __cplusplus
}
#endif
