// What gcc for Windows does not know by the names of Microsoft's compiler: inline, by what it has.
//   intrinsics.h includes it where gcc compiles a driver.              [MSDN "x64 intrinsics list"]
#pragma once

#include <nt/ntdef.h>

#define MICA_SCAN(name, mask_type, count)                \
  FORCEINLINE UCHAR name(ULONG* Index, mask_type Mask) { \
    if (Mask != 0) *Index = (ULONG)(count);              \
    return Mask != 0;                                    \
  }
MICA_SCAN(_BitScanForward, ULONG, __builtin_ctz(Mask))
MICA_SCAN(_BitScanReverse, ULONG, 31 - __builtin_clz(Mask))
MICA_SCAN(_BitScanForward64, ULONG64, __builtin_ctzll(Mask))
MICA_SCAN(_BitScanReverse64, ULONG64, 63 - __builtin_clzll(Mask))
#undef MICA_SCAN

#define MICA_ATOMIC(name, type, operation)                   \
  FORCEINLINE type name(type volatile* Target, type Value) { \
    return operation(Target, Value, __ATOMIC_SEQ_CST);       \
  }
MICA_ATOMIC(_InterlockedExchange, LONG, __atomic_exchange_n)
MICA_ATOMIC(_InterlockedExchange64, LONG64, __atomic_exchange_n)
MICA_ATOMIC(_InterlockedExchangePointer, PVOID, __atomic_exchange_n)
MICA_ATOMIC(_InterlockedExchangeAdd, LONG, __atomic_fetch_add)
MICA_ATOMIC(_InterlockedOr, LONG, __atomic_fetch_or)
MICA_ATOMIC(_InterlockedAnd, LONG, __atomic_fetch_and)
MICA_ATOMIC(_InterlockedXor, LONG, __atomic_fetch_xor)
#undef MICA_ATOMIC

FORCEINLINE LONG _InterlockedIncrement(LONG volatile* Addend) {
  return __atomic_add_fetch(Addend, 1, __ATOMIC_SEQ_CST);
}
FORCEINLINE LONG _InterlockedDecrement(LONG volatile* Addend) {
  return __atomic_sub_fetch(Addend, 1, __ATOMIC_SEQ_CST);
}

#define MICA_ATOMIC_COMPARE(name, type)                                                 \
  FORCEINLINE type name(type volatile* Destination, type Exchange, type Comperand) {    \
    __atomic_compare_exchange_n(Destination, &Comperand, Exchange, 0, __ATOMIC_SEQ_CST, \
                                __ATOMIC_SEQ_CST);                                      \
    return Comperand;                                                                   \
  }
MICA_ATOMIC_COMPARE(_InterlockedCompareExchange, LONG)
MICA_ATOMIC_COMPARE(_InterlockedCompareExchange64, LONG64)
MICA_ATOMIC_COMPARE(_InterlockedCompareExchangePointer, PVOID)
#undef MICA_ATOMIC_COMPARE

// For the compiler alone; the fence is the processor's too.
FORCEINLINE void _ReadWriteBarrier(void) {
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
}
FORCEINLINE void _ReadBarrier(void) {
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
}
FORCEINLINE void _WriteBarrier(void) {
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
}
FORCEINLINE void __faststorefence(void) {
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

// Of the function that names them.
#define _ReturnAddress() __builtin_return_address(0)
#define _AddressOfReturnAddress() ((void*)((char*)__builtin_dwarf_cfa() - 8))

FORCEINLINE LONG64 __mulh(LONG64 Left, LONG64 Right) {
  return (LONG64)(((__int128)Left * Right) >> 64);
}
FORCEINLINE ULONG64 __umulh(ULONG64 Left, ULONG64 Right) {
  return (ULONG64)(((unsigned __int128)Left * Right) >> 64);
}
FORCEINLINE LONG64 _mul128(LONG64 Left, LONG64 Right, LONG64* High) {
  *High = __mulh(Left, Right);
  return (LONG64)((ULONG64)Left * (ULONG64)Right);
}
FORCEINLINE ULONG64 _umul128(ULONG64 Left, ULONG64 Right, ULONG64* High) {
  *High = __umulh(Left, Right);
  return Left * Right;
}
FORCEINLINE USHORT _rotl16(USHORT Value, UCHAR Shift) {
  return (USHORT)(Value << (Shift & 15) | Value >> (-Shift & 15));
}
FORCEINLINE USHORT _rotr16(USHORT Value, UCHAR Shift) {
  return (USHORT)(Value >> (Shift & 15) | Value << (-Shift & 15));
}

FORCEINLINE void __cpuidex(int CpuInfo[4], int Function, int Subfunction) {
  __asm__ volatile("cpuid"
                   : "=a"(CpuInfo[0]), "=b"(CpuInfo[1]), "=c"(CpuInfo[2]), "=d"(CpuInfo[3])
                   : "a"(Function), "c"(Subfunction));
}
FORCEINLINE void __cpuid(int CpuInfo[4], int Function) {
  __cpuidex(CpuInfo, Function, 0);
}

#define MICA_READ_GS(name, type)                                                           \
  FORCEINLINE type name(ULONG Offset) {                                                    \
    type value;                                                                            \
    __asm__ volatile("mov %%gs:(%1), %0" : "=r"(value) : "r"((ULONG64)Offset) : "memory"); \
    return value;                                                                          \
  }
MICA_READ_GS(__readgsbyte, UCHAR)
MICA_READ_GS(__readgsword, USHORT)
MICA_READ_GS(__readgsdword, ULONG)
MICA_READ_GS(__readgsqword, ULONG64)
#undef MICA_READ_GS
