// Memory: filling, copying, comparing. Lengths in bytes; any IRQL for resident memory.
#pragma once

#include <nt/ntdef.h>

#ifdef __cplusplus
extern "C" {
#endif

// As in the DDK these are the compiler's own; only RtlMoveMemory takes areas that overlap.
//   [MSDN RtlZeroMemory, RtlFillMemory, RtlCopyMemory, RtlMoveMemory]
#define RtlZeroMemory(destination, length) __builtin_memset((destination), 0, (length))
#define RtlFillMemory(destination, length, fill) __builtin_memset((destination), (fill), (length))
#define RtlCopyMemory(destination, source, length) \
  __builtin_memcpy((destination), (source), (length))
#define RtlCopyBytes RtlCopyMemory
#define RtlMoveMemory(destination, source, length) \
  __builtin_memmove((destination), (source), (length))
// Nonzero if all bytes agree.                                                [MSDN RtlEqualMemory]
#define RtlEqualMemory(left, right, length) (__builtin_memcmp((left), (right), (length)) == 0)

// How many bytes agree before the first that does not; Length if all do.   [MSDN RtlCompareMemory]
SIZE_T NTAPI RtlCompareMemory(VOID const* Source1, VOID const* Source2, SIZE_T Length);

// Zeroes memory that is not read again, which the compiler must not leave out.
//   Returns Pointer.                                                     [MSDN RtlSecureZeroMemory]
FORCEINLINE PVOID RtlSecureZeroMemory(PVOID Pointer, SIZE_T Size) {
  UCHAR volatile* bytes = (UCHAR volatile*)Pointer;
  while (Size-- > 0) *bytes++ = 0;
  return Pointer;
}

#ifdef __cplusplus
}
#endif
