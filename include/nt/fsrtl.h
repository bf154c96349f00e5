// What file systems have of the run-time library. [MSDN ntifs.h]
#pragma once

#include <nt/ex.h>

#ifdef __cplusplus
extern "C" {
#endif

// ---- Names. A path's part, without backslashes. IRQL PASSIVE_LEVEL.
// What stands for more than itself in an expression, beside * (any characters) and ? (any one): to
// the last period, exclusively (DOS_STAR); any one, or none at a period or at the end (DOS_QM); a
// period, or none at the end (DOS_DOT).                             [MSDN FsRtlIsNameInExpression]
#define DOS_STAR L'<'
#define DOS_QM L'>'
#define DOS_DOT L'"'

// Whether it has one of the five.                              [MSDN FsRtlDoesNameContainWildCards]
BOOLEAN NTAPI FsRtlDoesNameContainWildCards(PUNICODE_STRING Name);
// Whether the expression, which is in upper case if IgnoreCase, stands for the name. UpcaseTable,
// or the system's if it is NULL, has the upper case of each character. Raises STATUS_NO_MEMORY.
//                                                                   [MSDN FsRtlIsNameInExpression]
BOOLEAN NTAPI FsRtlIsNameInExpression(PUNICODE_STRING Expression, PUNICODE_STRING Name,
                                      BOOLEAN IgnoreCase, PWCH UpcaseTable);
//                                                                        [MSDN FsRtlAreNamesEqual]
BOOLEAN NTAPI FsRtlAreNamesEqual(PCUNICODE_STRING ConstantNameA, PCUNICODE_STRING ConstantNameB,
                                 BOOLEAN IgnoreCase, PCWCH UpcaseTable);

// ---- Statuses. Any IRQL.
// FALSE for those that say that memory or instructions are wrong: a handler of exceptions should
// not take them.                                                   [MSDN FsRtlIsNtstatusExpected]
BOOLEAN NTAPI FsRtlIsNtstatusExpected(NTSTATUS Exception);
// What is expected as it is, what is not as GenericException.      [MSDN FsRtlNormalizeNtstatus]
NTSTATUS NTAPI FsRtlNormalizeNtstatus(NTSTATUS Exception, NTSTATUS GenericException);

// ---- What the outermost request of a thread may be called instead of an IRP.
//                                                                          [MSDN IoSetTopLevelIrp]
#define FSRTL_FSP_TOP_LEVEL_IRP 0x01
#define FSRTL_CACHE_TOP_LEVEL_IRP 0x02
#define FSRTL_MOD_WRITE_TOP_LEVEL_IRP 0x03
#define FSRTL_FAST_IO_TOP_LEVEL_IRP 0x04
#define FSRTL_NETWORK1_TOP_LEVEL_IRP ((LONG_PTR)0x05)
#define FSRTL_NETWORK2_TOP_LEVEL_IRP ((LONG_PTR)0x06)
#define FSRTL_MAX_TOP_LEVEL_IRP_FLAG ((LONG_PTR)0xFFFF)

// ---- Pool that is there: else STATUS_INSUFFICIENT_RESOURCES is raised. As ExAllocatePoolWithTag.
//                                                   [MSDN FsRtlAllocatePool; ntifs.h]
PVOID NTAPI FsRtlAllocatePool(POOL_TYPE PoolType, ULONG NumberOfBytes);
PVOID NTAPI FsRtlAllocatePoolWithTag(POOL_TYPE PoolType, ULONG NumberOfBytes, ULONG Tag);

#ifdef __cplusplus
}
#endif
