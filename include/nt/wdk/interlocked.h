// Interlocked operations: atomic, and a barrier for the compiler and the processor. The forms with
// Acquire, Release or NoFence are as strong: on x64 the processor has only one.
//   Any IRQL.                                                    [MSDN "InterlockedXxx Routines"]
#pragma once

#include <nt/ntdef.h>

// ---- Results: Increment, Decrement: the new value; all others: the value before.
// The four sizes of an operation that C's builtins have.
#define MICA_INTERLOCKED_ALL(make, name, builtin)                                       \
  make(Interlocked##name##8, char, builtin) make(Interlocked##name##16, SHORT, builtin) \
      make(Interlocked##name, LONG, builtin) make(Interlocked##name##64, LONG64, builtin)
#define MICA_INTERLOCKED_BINARY(name, type, builtin)         \
  FORCEINLINE type name(type volatile* Target, type Value) { \
    return builtin(Target, Value, __ATOMIC_SEQ_CST);         \
  }
#define MICA_INTERLOCKED_UNARY(name, type, builtin) \
  FORCEINLINE type name(type volatile* Target) {    \
    return builtin(Target, 1, __ATOMIC_SEQ_CST);    \
  }
// What is in the destination before; the exchange is made if that is Comperand.
#define MICA_INTERLOCKED_COMPARE(name, type, builtin)                             \
  FORCEINLINE type name(type volatile* Target, type Exchange, type Comperand) {   \
    builtin(Target, &Comperand, Exchange, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); \
    return Comperand;                                                             \
  }

MICA_INTERLOCKED_ALL(MICA_INTERLOCKED_BINARY, Exchange, __atomic_exchange_n)
MICA_INTERLOCKED_ALL(MICA_INTERLOCKED_BINARY, ExchangeAdd, __atomic_fetch_add)
MICA_INTERLOCKED_ALL(MICA_INTERLOCKED_BINARY, And, __atomic_fetch_and)
MICA_INTERLOCKED_ALL(MICA_INTERLOCKED_BINARY, Or, __atomic_fetch_or)
MICA_INTERLOCKED_ALL(MICA_INTERLOCKED_BINARY, Xor, __atomic_fetch_xor)
MICA_INTERLOCKED_ALL(MICA_INTERLOCKED_COMPARE, CompareExchange, __atomic_compare_exchange_n)
MICA_INTERLOCKED_UNARY(InterlockedIncrement16, SHORT, __atomic_add_fetch)
MICA_INTERLOCKED_UNARY(InterlockedIncrement, LONG, __atomic_add_fetch)
MICA_INTERLOCKED_UNARY(InterlockedIncrement64, LONG64, __atomic_add_fetch)
MICA_INTERLOCKED_UNARY(InterlockedDecrement16, SHORT, __atomic_sub_fetch)
MICA_INTERLOCKED_UNARY(InterlockedDecrement, LONG, __atomic_sub_fetch)
MICA_INTERLOCKED_UNARY(InterlockedDecrement64, LONG64, __atomic_sub_fetch)
// The new value.                                                             [MSDN InterlockedAdd]
MICA_INTERLOCKED_BINARY(InterlockedAdd, LONG, __atomic_add_fetch)
MICA_INTERLOCKED_BINARY(InterlockedAdd64, LONG64, __atomic_add_fetch)

MICA_INTERLOCKED_BINARY(InterlockedExchangePointer, PVOID, __atomic_exchange_n)
MICA_INTERLOCKED_COMPARE(InterlockedCompareExchangePointer, PVOID, __atomic_compare_exchange_n)

// Two's complement does not care.
#define InterlockedIncrementULong(target) ((ULONG)InterlockedIncrement((LONG volatile*)(target)))
#define InterlockedDecrementULong(target) ((ULONG)InterlockedDecrement((LONG volatile*)(target)))
#define InterlockedExchangeAddSizeT(target, value) \
  ((SIZE_T)InterlockedExchangeAdd64((LONG64 volatile*)(target), (LONG64)(value)))
#define InterlockedIncrementSizeT(target) \
  ((SIZE_T)InterlockedIncrement64((LONG64 volatile*)(target)))
#define InterlockedDecrementSizeT(target) \
  ((SIZE_T)InterlockedDecrement64((LONG64 volatile*)(target)))

// ---- Bits: whether the bit was set.   [MSDN InterlockedBitTestAndSet, InterlockedBitTestAndReset]
FORCEINLINE BOOLEAN InterlockedBitTestAndSet(LONG volatile* Base, LONG Bit) {
  LONG const mask = (LONG)(1u << (Bit & 31));
  return (InterlockedOr(Base + (Bit >> 5), mask) & mask) != 0;
}
FORCEINLINE BOOLEAN InterlockedBitTestAndReset(LONG volatile* Base, LONG Bit) {
  LONG const mask = (LONG)(1u << (Bit & 31));
  return (InterlockedAnd(Base + (Bit >> 5), ~mask) & mask) != 0;
}

// ---- The forms that say how strong they have to be.
#define InterlockedIncrementAcquire InterlockedIncrement
#define InterlockedIncrementRelease InterlockedIncrement
#define InterlockedIncrementNoFence InterlockedIncrement
#define InterlockedDecrementAcquire InterlockedDecrement
#define InterlockedDecrementRelease InterlockedDecrement
#define InterlockedDecrementNoFence InterlockedDecrement
#define InterlockedAddAcquire InterlockedAdd
#define InterlockedAddRelease InterlockedAdd
#define InterlockedAddNoFence InterlockedAdd
#define InterlockedOrAcquire InterlockedOr
#define InterlockedOrRelease InterlockedOr
#define InterlockedOrNoFence InterlockedOr
#define InterlockedAndAcquire InterlockedAnd
#define InterlockedAndRelease InterlockedAnd
#define InterlockedAndNoFence InterlockedAnd
#define InterlockedExchangeAcquire InterlockedExchange
#define InterlockedExchangeNoFence InterlockedExchange
#define InterlockedExchangePointerAcquire InterlockedExchangePointer
#define InterlockedExchangePointerNoFence InterlockedExchangePointer
#define InterlockedCompareExchangeAcquire InterlockedCompareExchange
#define InterlockedCompareExchangeRelease InterlockedCompareExchange
#define InterlockedCompareExchangeNoFence InterlockedCompareExchange
#define InterlockedCompareExchangePointerAcquire InterlockedCompareExchangePointer
#define InterlockedCompareExchangePointerRelease InterlockedCompareExchangePointer
#define InterlockedCompareExchangePointerNoFence InterlockedCompareExchangePointer

// ---- Reads and writes of one value, which the processor does at once.
//                                              [MSDN ReadAcquire, WriteRelease, ReadNoFence, ...]
#define MICA_ACCESS(name, suffix, type)                                                   \
  FORCEINLINE type Read##name##Acquire##suffix(type const volatile* Source) {             \
    return __atomic_load_n(Source, __ATOMIC_ACQUIRE);                                     \
  }                                                                                       \
  FORCEINLINE type Read##name##NoFence##suffix(type const volatile* Source) {             \
    return __atomic_load_n(Source, __ATOMIC_RELAXED);                                     \
  }                                                                                       \
  FORCEINLINE void Write##name##Release##suffix(type volatile* Destination, type Value) { \
    __atomic_store_n(Destination, Value, __ATOMIC_RELEASE);                               \
  }                                                                                       \
  FORCEINLINE void Write##name##NoFence##suffix(type volatile* Destination, type Value) { \
    __atomic_store_n(Destination, Value, __ATOMIC_RELAXED);                               \
  }
MICA_ACCESS(, , LONG)
MICA_ACCESS(, 64, LONG64)
MICA_ACCESS(Pointer, , PVOID)
MICA_ACCESS(UChar, , UCHAR)
MICA_ACCESS(UShort, , USHORT)
MICA_ACCESS(ULong, , ULONG)
MICA_ACCESS(ULong64, , ULONG64)

#undef MICA_ACCESS
#undef MICA_INTERLOCKED_ALL
#undef MICA_INTERLOCKED_BINARY
#undef MICA_INTERLOCKED_UNARY
#undef MICA_INTERLOCKED_COMPARE
