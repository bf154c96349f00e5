// Names that routines had before, or have besides.                            [MSDN wdm.h, ntddk.h]
#pragma once

#define RtlFillBytes RtlFillMemory
#define RtlZeroBytes RtlZeroMemory
#define RtlCopyMemoryNonTemporal RtlCopyMemory
#define RtlUnicodeStringToOemSize(string) RtlxUnicodeStringToOemSize(string)
#define RtlOemStringToUnicodeSize(string) RtlxOemStringToUnicodeSize(string)
#define COMPUTE_PAGES_SPANNED(address, bytes) ADDRESS_AND_SIZE_TO_SPAN_PAGES(address, bytes)
#define PAUSE_PROCESSOR YieldProcessor();

#define ExAcquireSpinLock(lock, level) KeAcquireSpinLock(lock, level)
#define ExReleaseSpinLock(lock, level) KeReleaseSpinLock(lock, level)
#define ExAcquireSpinLockAtDpcLevel(lock) KeAcquireSpinLockAtDpcLevel(lock)
#define ExReleaseSpinLockFromDpcLevel(lock) KeReleaseSpinLockFromDpcLevel(lock)

#define ExInitializeResource ExInitializeResourceLite
#define ExAcquireResourceExclusive ExAcquireResourceExclusiveLite
#define ExAcquireResourceShared ExAcquireResourceSharedLite
#define ExConvertExclusiveToShared ExConvertExclusiveToSharedLite
#define ExIsResourceAcquiredExclusive ExIsResourceAcquiredExclusiveLite
#define ExIsResourceAcquiredShared ExIsResourceAcquiredSharedLite
#define ExIsResourceAcquired ExIsResourceAcquiredSharedLite
#define ExReleaseResource ExReleaseResourceLite
#define ExReleaseResourceForThread ExReleaseResourceForThreadLite
#define ExDeleteResource ExDeleteResourceLite
