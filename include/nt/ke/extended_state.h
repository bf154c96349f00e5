// Extended registers in kernel mode: AVX and its relatives. Kernel code saves them before it uses
// them and restores them when it has; meanwhile they are its thread's own.
//                                                             [MSDN KeSaveExtendedProcessorState]
#pragma once

#include <nt/ke/dispatcher.h>

#ifdef __cplusplus
extern "C" {
#endif

#define XSTATE_LEGACY_FLOATING_POINT 0
#define XSTATE_LEGACY_SSE 1
#define XSTATE_GSSE 2
#define XSTATE_AVX XSTATE_GSSE
#define XSTATE_MASK_LEGACY_FLOATING_POINT (1LL << (XSTATE_LEGACY_FLOATING_POINT))
#define XSTATE_MASK_LEGACY_SSE (1LL << (XSTATE_LEGACY_SSE))
#define XSTATE_MASK_LEGACY (XSTATE_MASK_LEGACY_FLOATING_POINT | XSTATE_MASK_LEGACY_SSE)
#define XSTATE_MASK_GSSE (1LL << (XSTATE_GSSE))
#define XSTATE_MASK_AVX XSTATE_MASK_GSSE
#define MAXIMUM_XSTATE_FEATURES 64
#define XSAVE_ALIGN 64

typedef struct DECLSPEC_ALIGN(16) _M128A {
  ULONGLONG Low;
  LONGLONG High;
} M128A, *PM128A;

// What FXSAVE stores.                                                        [SDM 1, "FXSAVE Area"]
typedef struct DECLSPEC_ALIGN(16) _XSAVE_FORMAT {
  USHORT ControlWord;
  USHORT StatusWord;
  UCHAR TagWord;
  UCHAR Reserved1;
  USHORT ErrorOpcode;
  ULONG ErrorOffset;
  USHORT ErrorSelector;
  USHORT Reserved2;
  ULONG DataOffset;
  USHORT DataSelector;
  USHORT Reserved3;
  ULONG MxCsr;
  ULONG MxCsr_Mask;
  M128A FloatRegisters[8];
  M128A XmmRegisters[16];
  UCHAR Reserved4[96];
} XSAVE_FORMAT, *PXSAVE_FORMAT;

typedef struct DECLSPEC_ALIGN(8) _XSAVE_AREA_HEADER {
  ULONG64 Mask;
  ULONG64 Reserved[7];
} XSAVE_AREA_HEADER, *PXSAVE_AREA_HEADER;

typedef struct DECLSPEC_ALIGN(16) _XSAVE_AREA {
  XSAVE_FORMAT LegacyState;
  XSAVE_AREA_HEADER Header;
} XSAVE_AREA, *PXSAVE_AREA;
#define MINIMAL_XSTATE_AREA_LENGTH sizeof(XSAVE_AREA)

typedef struct _XSTATE_CONTEXT {
  ULONG64 Mask;
  ULONG Length;
  ULONG Reserved1;
  PXSAVE_AREA Area;
  PVOID Buffer;
} XSTATE_CONTEXT, *PXSTATE_CONTEXT;

typedef struct _XSTATE_SAVE {
  struct _XSTATE_SAVE* Prev;
  struct _KTHREAD* Thread;
  UCHAR Level;
  XSTATE_CONTEXT XStateContext;
} XSTATE_SAVE, *PXSTATE_SAVE;

// Those of FeatureMask that may be saved: XSTATE_MASK_XXX. Any IRQL.
//                                                             [MSDN RtlGetEnabledExtendedFeatures]
ULONG64 NTAPI RtlGetEnabledExtendedFeatures(ULONG64 FeatureMask);

// Saves the features of Mask in memory that XStateSave names from then on. Saves nest: the last is
// restored first, at the level and by the thread that it was saved by, else bugcheck
// INVALID_FLOATING_POINT_STATE. A feature that is not enabled is bugcheck
// INVALID_EXTENDED_PROCESSOR_STATE. IRQL <= DISPATCH_LEVEL.
// STATUS_INSUFFICIENT_RESOURCES: no memory.                    [MSDN KeSaveExtendedProcessorState]
//                                                            [MSDN KeRestoreExtendedProcessorState]
NTSTATUS NTAPI KeSaveExtendedProcessorState(ULONG64 Mask, PXSTATE_SAVE XStateSave);
VOID NTAPI KeRestoreExtendedProcessorState(PXSTATE_SAVE XStateSave);

#ifdef __cplusplus
}
#endif
