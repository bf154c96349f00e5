// Bitmaps. Indexes and counts are in bits; any IRQL for resident memory; the caller holds whatever
// lock the bitmap has. A range must lie inside the bitmap. [MSDN "RTL_BITMAP" and its routines]
#pragma once

#include <nt/ntdef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct _RTL_BITMAP {
  ULONG SizeOfBitMap;
  PULONG Buffer;
} RTL_BITMAP, *PRTL_BITMAP;

typedef struct _RTL_BITMAP_RUN {
  ULONG StartingIndex;
  ULONG NumberOfBits;
} RTL_BITMAP_RUN, *PRTL_BITMAP_RUN;

// The buffer has a whole number of ULONGs; no bit changes. [MSDN RtlInitializeBitMap]
VOID NTAPI RtlInitializeBitMap(PRTL_BITMAP BitMapHeader, PULONG BitMapBuffer, ULONG SizeOfBitMap);

// ---- One bit.                                           [MSDN RtlSetBit, RtlClearBit, RtlTestBit]
VOID NTAPI RtlSetBit(PRTL_BITMAP BitMapHeader, ULONG BitNumber);
VOID NTAPI RtlClearBit(PRTL_BITMAP BitMapHeader, ULONG BitNumber);
BOOLEAN NTAPI RtlTestBit(PRTL_BITMAP BitMapHeader, ULONG BitNumber);
#define RtlCheckBit(header, bit) (((header)->Buffer[(bit) / 32] >> ((bit) % 32)) & 1)

// ---- Ranges. Bits of the buffer beyond the bitmap stay.
//   [MSDN RtlSetBits, RtlClearBits, RtlSetAllBits, RtlClearAllBits]
VOID NTAPI RtlSetBits(PRTL_BITMAP BitMapHeader, ULONG StartingIndex, ULONG NumberToSet);
VOID NTAPI RtlClearBits(PRTL_BITMAP BitMapHeader, ULONG StartingIndex, ULONG NumberToClear);
VOID NTAPI RtlSetAllBits(PRTL_BITMAP BitMapHeader);
VOID NTAPI RtlClearAllBits(PRTL_BITMAP BitMapHeader);
// FALSE for an empty range, and for one that leaves the bitmap.
//   [MSDN RtlAreBitsClear, RtlAreBitsSet]
BOOLEAN NTAPI RtlAreBitsClear(PRTL_BITMAP BitMapHeader, ULONG StartingIndex, ULONG Length);
BOOLEAN NTAPI RtlAreBitsSet(PRTL_BITMAP BitMapHeader, ULONG StartingIndex, ULONG Length);
//   [MSDN RtlNumberOfSetBits, RtlNumberOfClearBits]
ULONG NTAPI RtlNumberOfSetBits(PRTL_BITMAP BitMapHeader);
ULONG NTAPI RtlNumberOfClearBits(PRTL_BITMAP BitMapHeader);

// ---- Searches. The first range at or after HintIndex (0 if that is outside), else the first of
// all; 0xFFFFFFFF if there is none. A range of no bits begins at the hint.
//   [MSDN RtlFindClearBits, RtlFindSetBits, RtlFindClearBitsAndSet, RtlFindSetBitsAndClear]
ULONG NTAPI RtlFindClearBits(PRTL_BITMAP BitMapHeader, ULONG NumberToFind, ULONG HintIndex);
ULONG NTAPI RtlFindSetBits(PRTL_BITMAP BitMapHeader, ULONG NumberToFind, ULONG HintIndex);
ULONG NTAPI RtlFindClearBitsAndSet(PRTL_BITMAP BitMapHeader, ULONG NumberToFind, ULONG HintIndex);
ULONG NTAPI RtlFindSetBitsAndClear(PRTL_BITMAP BitMapHeader, ULONG NumberToFind, ULONG HintIndex);

// ---- Runs of clear bits. Return the number of bits, 0 if there is none; then the index is the
// bitmap's size.    [MSDN RtlFindNextForwardRunClear, RtlFindFirstRunClear, RtlFindLongestRunClear]
// From the first clear bit at or after FromIndex.
ULONG NTAPI RtlFindNextForwardRunClear(PRTL_BITMAP BitMapHeader, ULONG FromIndex,
                                       PULONG StartingRunIndex);
ULONG NTAPI RtlFindFirstRunClear(PRTL_BITMAP BitMapHeader, PULONG StartingIndex);
// The first of the longest.
ULONG NTAPI RtlFindLongestRunClear(PRTL_BITMAP BitMapHeader, PULONG StartingIndex);

// ---- Bits of a value, counted from the lowest, 0; -1: none is set.
//   [MSDN RtlFindLeastSignificantBit, RtlFindMostSignificantBit, RtlNumberOfSetBitsUlongPtr]
CCHAR NTAPI RtlFindLeastSignificantBit(ULONGLONG Set);
CCHAR NTAPI RtlFindMostSignificantBit(ULONGLONG Set);
ULONG NTAPI RtlNumberOfSetBitsUlongPtr(ULONG_PTR Target);

#ifdef __cplusplus
}
#endif
