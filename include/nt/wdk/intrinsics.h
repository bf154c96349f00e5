// Instructions by the names that Microsoft's compiler gives them: the compiler's own where it has
// them, else inline.                                           [MSDN "x64 intrinsics list", wdm.h]
#pragma once

#include <nt/ntdef.h>

#ifndef __clang__
#include <nt/wdk/gcc_intrinsics.h>
#else

#ifdef __cplusplus
extern "C" {
#endif

// ---- The compiler's own, once they are declared. Not inline anywhere: there is always an
// instruction.
UCHAR _BitScanForward(ULONG* Index, ULONG Mask);
UCHAR _BitScanReverse(ULONG* Index, ULONG Mask);
UCHAR _BitScanForward64(ULONG* Index, ULONG64 Mask);
UCHAR _BitScanReverse64(ULONG* Index, ULONG64 Mask);
LONG _InterlockedIncrement(LONG volatile* Addend);
LONG _InterlockedDecrement(LONG volatile* Addend);
LONG _InterlockedExchange(LONG volatile* Target, LONG Value);
LONG _InterlockedExchangeAdd(LONG volatile* Addend, LONG Value);
LONG _InterlockedCompareExchange(LONG volatile* Destination, LONG Exchange, LONG Comperand);
LONG _InterlockedOr(LONG volatile* Destination, LONG Value);
LONG _InterlockedAnd(LONG volatile* Destination, LONG Value);
LONG _InterlockedXor(LONG volatile* Destination, LONG Value);
LONG64 _InterlockedExchange64(LONG64 volatile* Target, LONG64 Value);
LONG64 _InterlockedCompareExchange64(LONG64 volatile* Destination, LONG64 Exchange,
                                     LONG64 Comperand);
PVOID _InterlockedExchangePointer(PVOID volatile* Target, PVOID Value);
PVOID _InterlockedCompareExchangePointer(PVOID volatile* Destination, PVOID Exchange,
                                         PVOID Comperand);
void _ReadWriteBarrier(void);
void _ReadBarrier(void);
void _WriteBarrier(void);
void __faststorefence(void);
void* _AddressOfReturnAddress(void);
void* _ReturnAddress(void);
LONG64 __mulh(LONG64 Left, LONG64 Right);
ULONG64 __umulh(ULONG64 Left, ULONG64 Right);
LONG64 _mul128(LONG64 Left, LONG64 Right, LONG64* High);
ULONG64 _umul128(ULONG64 Left, ULONG64 Right, ULONG64* High);
USHORT _rotl16(USHORT Value, UCHAR Shift);
USHORT _rotr16(USHORT Value, UCHAR Shift);
void __cpuid(int CpuInfo[4], int Function);
void __cpuidex(int CpuInfo[4], int Function, int Subfunction);
UCHAR __readgsbyte(ULONG Offset);
USHORT __readgsword(ULONG Offset);
ULONG __readgsdword(ULONG Offset);
ULONG64 __readgsqword(ULONG Offset);

#ifdef __cplusplus
}
#endif

#endif

#define BitScanForward _BitScanForward
#define BitScanReverse _BitScanReverse
#define BitScanForward64 _BitScanForward64
#define BitScanReverse64 _BitScanReverse64
#define PopulationCount64(value) ((ULONG64)__builtin_popcountll(value))

// ---- Barriers.                                                    [MSDN KeMemoryBarrier, wdm.h]
#define MemoryBarrier() __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define KeMemoryBarrier() MemoryBarrier()
#define KeMemoryBarrierWithoutFence() _ReadWriteBarrier()
#define YieldProcessor() __builtin_ia32_pause()
#define PreFetchCacheLine(level, address) __builtin_prefetch(address)
#define ReadTimeStampCounter() __rdtsc()
