// Structured exceptions and the unwinding of frames that loaded images have on the stack.
//   [MSDN "x64 exception handling"; winnt.h of mingw-w64]
#pragma once

#include <nt/ke/extended_state.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef XSAVE_FORMAT XMM_SAVE_AREA32, *PXMM_SAVE_AREA32;

#define CONTEXT_AMD64 0x00100000
#define CONTEXT_CONTROL (CONTEXT_AMD64 | 0x00000001)  // SegSs, Rsp, SegCs, Rip, EFlags
#define CONTEXT_INTEGER (CONTEXT_AMD64 | 0x00000002)  // the other general registers
#define CONTEXT_SEGMENTS (CONTEXT_AMD64 | 0x00000004)
#define CONTEXT_FLOATING_POINT (CONTEXT_AMD64 | 0x00000008)  // Xmm0-Xmm15, MxCsr
#define CONTEXT_FULL (CONTEXT_CONTROL | CONTEXT_INTEGER | CONTEXT_FLOATING_POINT)

typedef struct DECLSPEC_ALIGN(16) _CONTEXT {
  ULONG64 P1Home, P2Home, P3Home, P4Home, P5Home, P6Home;
  ULONG ContextFlags;
  ULONG MxCsr;
  USHORT SegCs, SegDs, SegEs, SegFs, SegGs, SegSs;
  ULONG EFlags;
  ULONG64 Dr0, Dr1, Dr2, Dr3, Dr6, Dr7;
  // As the processor numbers them.
  ULONG64 Rax, Rcx, Rdx, Rbx, Rsp, Rbp, Rsi, Rdi, R8, R9, R10, R11, R12, R13, R14, R15;
  ULONG64 Rip;
  union {
    XMM_SAVE_AREA32 FltSave;
    struct {
      M128A Header[2];
      M128A Legacy[8];
      M128A Xmm0, Xmm1, Xmm2, Xmm3, Xmm4, Xmm5, Xmm6, Xmm7;
      M128A Xmm8, Xmm9, Xmm10, Xmm11, Xmm12, Xmm13, Xmm14, Xmm15;
    };
  };
  M128A VectorRegister[26];
  ULONG64 VectorControl;
  ULONG64 DebugControl;
  ULONG64 LastBranchToRip;
  ULONG64 LastBranchFromRip;
  ULONG64 LastExceptionToRip;
  ULONG64 LastExceptionFromRip;
} CONTEXT, *PCONTEXT;

#define EXCEPTION_MAXIMUM_PARAMETERS 15

// Of ExceptionFlags.
#define EXCEPTION_NONCONTINUABLE 0x1
#define EXCEPTION_UNWINDING 0x2
#define EXCEPTION_EXIT_UNWIND 0x4
#define EXCEPTION_STACK_INVALID 0x8
#define EXCEPTION_NESTED_CALL 0x10
#define EXCEPTION_TARGET_UNWIND 0x20
#define EXCEPTION_COLLIDED_UNWIND 0x40
#define EXCEPTION_UNWIND                                                   \
  (EXCEPTION_UNWINDING | EXCEPTION_EXIT_UNWIND | EXCEPTION_TARGET_UNWIND | \
   EXCEPTION_COLLIDED_UNWIND)

// What a filter says.
#define EXCEPTION_EXECUTE_HANDLER 1
#define EXCEPTION_CONTINUE_SEARCH 0
#define EXCEPTION_CONTINUE_EXECUTION (-1)

typedef struct _EXCEPTION_RECORD {
  NTSTATUS ExceptionCode;
  ULONG ExceptionFlags;
  struct _EXCEPTION_RECORD* ExceptionRecord;  // the exception that was handled meanwhile
  PVOID ExceptionAddress;
  ULONG NumberParameters;
  ULONG_PTR ExceptionInformation[EXCEPTION_MAXIMUM_PARAMETERS];
} EXCEPTION_RECORD, *PEXCEPTION_RECORD;

typedef struct _EXCEPTION_POINTERS {
  PEXCEPTION_RECORD ExceptionRecord;
  PCONTEXT ContextRecord;
} EXCEPTION_POINTERS, *PEXCEPTION_POINTERS;

typedef enum _EXCEPTION_DISPOSITION {
  ExceptionContinueExecution,
  ExceptionContinueSearch,
  ExceptionNestedException,
  ExceptionCollidedUnwind
} EXCEPTION_DISPOSITION;

// ---- Unwinding data. Addresses in it are offsets in the image.    [MSDN "x64 exception handling"]

// A function, or a part of one; the image has them in the order of their addresses.
typedef struct _RUNTIME_FUNCTION {
  ULONG BeginAddress;
  ULONG EndAddress;  // behind it
  ULONG UnwindData;
} RUNTIME_FUNCTION, *PRUNTIME_FUNCTION;

#define RUNTIME_FUNCTION_INDIRECT 0x1  // UnwindData leads to another RUNTIME_FUNCTION

#define UNW_FLAG_NHANDLER 0x0
#define UNW_FLAG_EHANDLER 0x1
#define UNW_FLAG_UHANDLER 0x2
#define UNW_FLAG_CHAININFO 0x4

typedef struct _DISPATCHER_CONTEXT DISPATCHER_CONTEXT, *PDISPATCHER_CONTEXT;

typedef EXCEPTION_DISPOSITION NTAPI EXCEPTION_ROUTINE(PEXCEPTION_RECORD ExceptionRecord,
                                                      PVOID EstablisherFrame,
                                                      PCONTEXT ContextRecord,
                                                      PVOID DispatcherContext);
typedef EXCEPTION_ROUTINE* PEXCEPTION_ROUTINE;

#define UNWIND_HISTORY_TABLE_SIZE 12

typedef struct _UNWIND_HISTORY_TABLE_ENTRY {
  ULONG64 ImageBase;
  PRUNTIME_FUNCTION FunctionEntry;
} UNWIND_HISTORY_TABLE_ENTRY, *PUNWIND_HISTORY_TABLE_ENTRY;

typedef struct _UNWIND_HISTORY_TABLE {
  ULONG Count;
  UCHAR LocalHint;
  UCHAR GlobalHint;
  UCHAR Search;
  UCHAR Once;
  ULONG64 LowAddress;
  ULONG64 HighAddress;
  UNWIND_HISTORY_TABLE_ENTRY Entry[UNWIND_HISTORY_TABLE_SIZE];
} UNWIND_HISTORY_TABLE, *PUNWIND_HISTORY_TABLE;

struct _DISPATCHER_CONTEXT {
  ULONG64 ControlPc;
  ULONG64 ImageBase;
  PRUNTIME_FUNCTION FunctionEntry;
  ULONG64 EstablisherFrame;
  ULONG64 TargetIp;
  PCONTEXT ContextRecord;
  PEXCEPTION_ROUTINE LanguageHandler;
  PVOID HandlerData;
  PUNWIND_HISTORY_TABLE HistoryTable;
  ULONG ScopeIndex;
  ULONG Fill0;
};

typedef struct _KNONVOLATILE_CONTEXT_POINTERS {
  PM128A FloatingContext[16];
  PULONG64 IntegerContext[16];
} KNONVOLATILE_CONTEXT_POINTERS, *PKNONVOLATILE_CONTEXT_POINTERS;

// What compilers write behind the address of __C_specific_handler.
typedef struct _SCOPE_TABLE_AMD64 {
  ULONG Count;
  struct {
    ULONG BeginAddress;
    ULONG EndAddress;
    ULONG HandlerAddress;  // of the filter (1: it always handles), or of the __finally block
    ULONG JumpTarget;      // of the __except block; 0: it is a __finally
  } ScopeRecord[1];
} SCOPE_TABLE_AMD64, *PSCOPE_TABLE_AMD64;

// ---- All of these: any IRQL, unless they say otherwise.

// The base of the loaded image that an address is in, also in *BaseOfImage; null: of none.
//                                                                          [MSDN RtlPcToFileHeader]
PVOID NTAPI RtlPcToFileHeader(PVOID PcValue, PVOID* BaseOfImage);

// The entry of the function that an address is in, and its image's base. Null: it is in no loaded
// image, or in a function that makes no frame. HistoryTable is not used.
//                                                                     [MSDN RtlLookupFunctionEntry]
PRUNTIME_FUNCTION NTAPI RtlLookupFunctionEntry(ULONG64 ControlPc, ULONG64* ImageBase,
                                               PUNWIND_HISTORY_TABLE HistoryTable);

// Changes *ContextRecord, which is in that function at ControlPc, into that of its caller. Its
// handler of the type asked for (UNW_FLAG_EHANDLER, UNW_FLAG_UHANDLER) with its data, null: none.
// *EstablisherFrame is the frame. ContextPointers, if not null, gets where registers were found.
// Unwinding data that cannot be, and frames that are not on the stack, are bugcheck
// KMODE_EXCEPTION_NOT_HANDLED with STATUS_BAD_FUNCTION_TABLE or STATUS_BAD_STACK.
//                                                                           [MSDN RtlVirtualUnwind]
PEXCEPTION_ROUTINE NTAPI RtlVirtualUnwind(ULONG HandlerType, ULONG64 ImageBase, ULONG64 ControlPc,
                                          PRUNTIME_FUNCTION FunctionEntry, PCONTEXT ContextRecord,
                                          PVOID* HandlerData, PULONG64 EstablisherFrame,
                                          PKNONVOLATILE_CONTEXT_POINTERS ContextPointers);

// Leaves the caller's frame, which is a loaded image's, and those outside of it up to TargetFrame,
// whose termination handlers run, and goes on there at TargetIp with ReturnValue in rax. A frame
// that is not there is bugcheck KMODE_EXCEPTION_NOT_HANDLED with STATUS_INVALID_UNWIND_TARGET when
// all are left, so no TargetFrame is. ContextRecord and HistoryTable are not used.
//                                                               [MSDN RtlUnwindEx] [MSDN RtlUnwind]
VOID NTAPI RtlUnwindEx(PVOID TargetFrame, PVOID TargetIp, PEXCEPTION_RECORD ExceptionRecord,
                       PVOID ReturnValue, PCONTEXT ContextRecord,
                       PUNWIND_HISTORY_TABLE HistoryTable);
VOID NTAPI RtlUnwind(PVOID TargetFrame, PVOID TargetIp, PEXCEPTION_RECORD ExceptionRecord,
                     PVOID ReturnValue);

// The registers as they are in the caller, where it goes on after the call.
//                                                                          [MSDN RtlCaptureContext]
VOID NTAPI RtlCaptureContext(PCONTEXT ContextRecord);

// Goes on there: CONTEXT_FULL of it, whatever ContextFlags says. ExceptionRecord is not used.
//                                                                          [MSDN RtlRestoreContext]
DECLSPEC_NORETURN VOID NTAPI RtlRestoreContext(PCONTEXT ContextRecord,
                                               PEXCEPTION_RECORD ExceptionRecord);

// Raises an exception in the caller, whose ExceptionAddress it sets: a loaded image's handlers are
// asked from there outward. Returns if one says EXCEPTION_CONTINUE_EXECUTION. What nobody handles
// is bugcheck SYSTEM_THREAD_EXCEPTION_NOT_HANDLED in a system thread, KMODE_EXCEPTION_NOT_HANDLED
// in a DPC or an interrupt, and wherever no loaded image called.
//                                                                          [MSDN RtlRaiseException]
VOID NTAPI RtlRaiseException(PEXCEPTION_RECORD ExceptionRecord);
DECLSPEC_NORETURN VOID NTAPI RtlRaiseStatus(NTSTATUS Status);  // noncontinuable

// The handler of C: __try, __except and __finally. Called while exceptions are dispatched, and
// while frames are unwound.                                             [MSDN __C_specific_handler]
EXCEPTION_DISPOSITION NTAPI __C_specific_handler(PEXCEPTION_RECORD ExceptionRecord,
                                                 PVOID EstablisherFrame, PCONTEXT ContextRecord,
                                                 PVOID DispatcherContext);

#ifdef __cplusplus
}
#endif
