// Values in memory and in words: at any alignment, in either order of bytes, bit by bit; and what a
// driver asks of statuses and control codes.
//   Any IRQL.                                        [MSDN wdm.h: RtlStoreUlong, RtlUlongByteSwap,
//                                                     RtlEqualLuid, RtlInterlockedSetBits]
#pragma once

#include <nt/io/constants.h>
#include <nt/ntstatus.h>
#include <nt/rtl/memory.h>
#include <nt/wdk/interlocked.h>
#include <nt/wdk/intrinsics.h>

// ---- At any alignment.
#define RtlStoreUshort(address, value)           \
  do {                                           \
    USHORT const mica_value = (USHORT)(value);   \
    __builtin_memcpy((address), &mica_value, 2); \
  } while (0)
#define RtlStoreUlong(address, value)            \
  do {                                           \
    ULONG const mica_value = (ULONG)(value);     \
    __builtin_memcpy((address), &mica_value, 4); \
  } while (0)
#define RtlStoreUlonglong(address, value)            \
  do {                                               \
    ULONGLONG const mica_value = (ULONGLONG)(value); \
    __builtin_memcpy((address), &mica_value, 8);     \
  } while (0)
#define RtlStoreUlongPtr(address, value) RtlStoreUlonglong(address, value)
#define RtlRetrieveUshort(destination, source) __builtin_memcpy((destination), (source), 2)
#define RtlRetrieveUlong(destination, source) __builtin_memcpy((destination), (source), 4)

// ---- In the other order of bytes.
#define RtlUshortByteSwap(value) __builtin_bswap16((USHORT)(value))
#define RtlUlongByteSwap(value) __builtin_bswap32((ULONG)(value))
#define RtlUlonglongByteSwap(value) __builtin_bswap64((ULONGLONG)(value))

// ---- The upper half of a product.
#define MultiplyHigh __mulh
#define UnsignedMultiplyHigh __umulh

// ---- LARGE_INTEGERs.
#define RtlLargeIntegerGreaterThan(a, b) ((a).QuadPart > (b).QuadPart)
#define RtlLargeIntegerGreaterThanOrEqualTo(a, b) ((a).QuadPart >= (b).QuadPart)
#define RtlLargeIntegerEqualTo(a, b) ((a).QuadPart == (b).QuadPart)
#define RtlLargeIntegerNotEqualTo(a, b) ((a).QuadPart != (b).QuadPart)
#define RtlLargeIntegerLessThan(a, b) ((a).QuadPart < (b).QuadPart)
#define RtlLargeIntegerLessThanOrEqualTo(a, b) ((a).QuadPart <= (b).QuadPart)
#define RtlLargeIntegerGreaterThanZero(a) ((a).QuadPart > 0)
#define RtlLargeIntegerGreaterOrEqualToZero(a) ((a).QuadPart >= 0)
#define RtlLargeIntegerEqualToZero(a) ((a).QuadPart == 0)
#define RtlLargeIntegerNotEqualToZero(a) ((a).QuadPart != 0)
#define RtlLargeIntegerLessThanZero(a) ((a).QuadPart < 0)
#define RtlLargeIntegerLessOrEqualToZero(a) ((a).QuadPart <= 0)

// ---- LUIDs.
#define RtlEqualLuid(a, b) ((a)->LowPart == (b)->LowPart && (a)->HighPart == (b)->HighPart)
#define RtlIsZeroLuid(luid) (((luid)->LowPart | (luid)->HighPart) == 0)

// ---- Bits. Of the plain ones: whether the bit was set.    [MSDN "_bittest", "_bittestandset"]
#define MICA_BIT_TEST(name, type, width, changed)          \
  FORCEINLINE BOOLEAN name(type* Base, type Bit) {         \
    type const word = Base[Bit / width];                   \
    type const mask = (type)(1ULL << (Bit & (width - 1))); \
    Base[Bit / width] = changed;                           \
    return (word & mask) != 0;                             \
  }
MICA_BIT_TEST(BitTestAndSet, LONG, 32, word | mask)
MICA_BIT_TEST(BitTestAndReset, LONG, 32, word & ~mask)
MICA_BIT_TEST(BitTestAndComplement, LONG, 32, word ^ mask)
MICA_BIT_TEST(BitTestAndSet64, LONG64, 64, word | mask)
MICA_BIT_TEST(BitTestAndReset64, LONG64, 64, word & ~mask)
MICA_BIT_TEST(BitTestAndComplement64, LONG64, 64, word ^ mask)
#undef MICA_BIT_TEST
FORCEINLINE BOOLEAN BitTest(LONG const* Base, LONG Bit) {
  return (Base[Bit / 32] >> (Bit & 31)) & 1;
}
FORCEINLINE BOOLEAN BitTest64(LONG64 const* Base, LONG64 Bit) {
  return (Base[Bit / 64] >> (Bit & 63)) & 1;
}

// The word as it was before.
#define RtlInterlockedSetBits(flags, bits) InterlockedOr((LONG volatile*)(flags), (LONG)(bits))
#define RtlInterlockedAndBits(flags, bits) InterlockedAnd((LONG volatile*)(flags), (LONG)(bits))
#define RtlInterlockedClearBits(flags, bits) RtlInterlockedAndBits(flags, ~(bits))
#define RtlInterlockedXorBits(flags, bits) InterlockedXor((LONG volatile*)(flags), (LONG)(bits))
#define RtlInterlockedSetBitsDiscardReturn(flags, bits) ((void)RtlInterlockedSetBits(flags, bits))
#define RtlInterlockedAndBitsDiscardReturn(flags, bits) ((void)RtlInterlockedAndBits(flags, bits))
#define RtlInterlockedClearBitsDiscardReturn(flags, bits) \
  ((void)RtlInterlockedClearBits(flags, bits))

// ---- Places.
#define FIELD_SIZE(type, field) RTL_FIELD_SIZE(type, field)
#define RTL_BITS_OF(what) (sizeof(what) * 8)
#define RTL_BITS_OF_FIELD(type, field) (RTL_FIELD_SIZE(type, field) * 8)
#define RTL_NUMBER_OF_V1(array) RTL_NUMBER_OF(array)
#define RTL_NUMBER_OF_V2(array) RTL_NUMBER_OF(array)
#define ALIGN_DOWN_POINTER(address, type) ALIGN_DOWN_POINTER_BY(address, sizeof(type))
#define ALIGN_UP_POINTER(address, type) ALIGN_UP_POINTER_BY(address, sizeof(type))
#define RtlOffsetToPointer(base, offset) ((PCHAR)(base) + (ULONG_PTR)(offset))
#define RtlPointerToOffset(base, pointer) ((ULONG)((PCHAR)(pointer) - (PCHAR)(base)))
#define RTL_STATIC_LIST_HEAD(name) LIST_ENTRY name = {&name, &name}
// [MSDN OBJECT_ATTRIBUTES]
#define RTL_CONSTANT_OBJECT_ATTRIBUTES(name, attributes) \
  { sizeof(OBJECT_ATTRIBUTES), NULL, (PUNICODE_STRING)(name), (attributes), NULL, NULL }
#define RTL_INIT_OBJECT_ATTRIBUTES(name, attributes) \
  RTL_CONSTANT_OBJECT_ATTRIBUTES(name, attributes)

// ---- Statuses and control codes.
// Whether a person can mend it.                                        [MSDN IoIsErrorUserInduced]
#define IoIsErrorUserInduced(status)                                                              \
  ((BOOLEAN)((status) == STATUS_DEVICE_NOT_READY || (status) == STATUS_IO_TIMEOUT ||              \
             (status) == STATUS_MEDIA_WRITE_PROTECTED || (status) == STATUS_NO_MEDIA_IN_DEVICE || \
             (status) == STATUS_VERIFY_REQUIRED || (status) == STATUS_UNRECOGNIZED_MEDIA ||       \
             (status) == STATUS_WRONG_VOLUME))
#define IoGetFunctionCodeFromCtlCode(code) (((code) >> 2) & 0xFFF)
