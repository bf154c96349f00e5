/* Exceptions of every kind, and what becomes of them: DriverEntry says it line by line, and
 * exceptions.cpp has what it must say. */
#include <ntddk.h>

#define NOINLINE __attribute__((noinline))

NTSYSAPI VOID NTAPI RtlRaiseException(PEXCEPTION_RECORD Record);

typedef VOID ROUTINE(PVOID Argument);
typedef struct _SEEN {
  NTSTATUS Code;
  ULONG Flags;
  ULONG Count;
  ULONG_PTR Information[2];
  BOOLEAN InImage;
} SEEN;

extern CHAR __ImageBase[];

static LONG Look(PEXCEPTION_POINTERS Pointers, SEEN *Seen) {
  PEXCEPTION_RECORD Record = Pointers->ExceptionRecord;
  Seen->Code = Record->ExceptionCode;
  Seen->Flags = Record->ExceptionFlags;
  Seen->Count = Record->NumberParameters;
  Seen->Information[0] = Record->ExceptionInformation[0];
  Seen->Information[1] = Record->ExceptionInformation[1];
  Seen->InImage = (ULONG_PTR)Record->ExceptionAddress - (ULONG_PTR)__ImageBase < 0x100000;
  return EXCEPTION_EXECUTE_HANDLER;
}

static NOINLINE VOID Try(const char *Name, ROUTINE *Routine, PVOID Argument) {
  SEEN Seen = {0};
  __try {
    Routine(Argument);
    DbgPrint("tries: %s: nothing\n", Name);
  } __except (Look(GetExceptionInformation(), &Seen)) {
    NTSTATUS Code = GetExceptionCode();
    DbgPrint("tries: %s: %08x %x", Name, Code, Seen.Flags);
    if (Seen.Count == 2) DbgPrint(" (%Ix, %Ix)", Seen.Information[0], Seen.Information[1]);
    DbgPrint("%s%s\n", Seen.InImage ? " here" : "", Seen.Code == Code ? "" : " not what was seen");
  }
}

/* ---- Faults of the code itself. */
static NOINLINE VOID Read(PVOID Place) { *(volatile LONG *)Place; }
static NOINLINE VOID Write(PVOID Place) { *(volatile LONG *)Place = 1; }
static NOINLINE VOID Call(PVOID Place) { ((ROUTINE * volatile) Place)(NULL); }
static NOINLINE VOID Divide(PVOID Divisor) {
  volatile LONG By = *(volatile LONG *)Divisor;
  volatile LONG Result = 7 / By;
  (void)Result;
}
static NOINLINE VOID Undefined(PVOID Unused) {
  UNREFERENCED_PARAMETER(Unused);
  __asm__ volatile("ud2");
}
static NOINLINE VOID Break(PVOID Unused) {
  UNREFERENCED_PARAMETER(Unused);
  __asm__ volatile("int3");
}

/* ---- What imports raise, and touch. */
/* The compiler does not know that it never returns. */
static VOID (NTAPI *volatile RaiseStatus)(NTSTATUS) = ExRaiseStatus;
static NOINLINE VOID Raise(PVOID Status) { RaiseStatus((NTSTATUS)(ULONG_PTR)Status); }
static NOINLINE VOID ProbeRead(PVOID Place) { ProbeForRead(Place, 16, 4); }
static NOINLINE VOID ProbeWrite(PVOID Place) { ProbeForWrite(Place, 16, 4); }
static NOINLINE VOID Compare(PVOID Place) {
  LONG Local = 0;
  volatile SIZE_T Same = RtlCompareMemory(Place, &Local, sizeof Local);
  (void)Same;
}
static NOINLINE VOID Allocate(PVOID Unused) {
  volatile PVOID Memory;
  UNREFERENCED_PARAMETER(Unused);
  Memory = ExAllocatePoolWithTag(NonPagedPool | POOL_RAISE_IF_ALLOCATION_FAILURE,
                                 (SIZE_T)1 << 40, 'seiT');
  (void)Memory;
}

/* ---- __finally. */
static NOINLINE VOID Unwound(PVOID Place) {
  __try {
    __try {
      Write(Place);
    } __finally {
      DbgPrint("tries:   inner, abnormal %d\n", AbnormalTermination() != 0);
    }
  } __finally {
    DbgPrint("tries:   outer, abnormal %d\n", AbnormalTermination() != 0);
  }
}
static NOINLINE VOID Deep(PVOID Depth) {
  __try {
    if (Depth == NULL)
      Write((PVOID)0x20);
    else
      Deep((PVOID)((ULONG_PTR)Depth - 1));
  } __finally {
    if ((ULONG_PTR)Depth == 30) DbgPrint("tries:   out of thirty\n");
  }
}
static NOINLINE LONG Leave(LONG Value) {
  __try {
    if (Value == 1) return 11;
    Value += 100;
  } __finally {
    DbgPrint("tries:   leaving, abnormal %d\n", AbnormalTermination() != 0);
  }
  return Value;
}

/* ---- Filters. */
static NOINLINE VOID PassOn(PVOID Place) {
  __try {
    Write(Place);
  } __except (GetExceptionCode() == STATUS_ACCESS_VIOLATION ? EXCEPTION_CONTINUE_SEARCH
                                                            : EXCEPTION_EXECUTE_HANDLER) {
    DbgPrint("tries:   not this one\n");
  }
}
static LONG Mend(PEXCEPTION_POINTERS Pointers, LONG *Place) {
  Pointers->ContextRecord->Rcx = (ULONG_PTR)Place;
  return EXCEPTION_CONTINUE_EXECUTION;
}
static NOINLINE LONG Continue(PVOID Place) {
  LONG Good = 42;
  volatile LONG Value = 0;
  __try {
    LONG Read;
    __asm__ volatile("movl (%%rcx), %0" : "=r"(Read) : "c"(Place) : "memory");
    Value = Read;
  } __except (Mend(GetExceptionInformation(), &Good)) {
    Value = -1;
  }
  return Value;
}
/* It is asked about its own fault, too. */
static LONG FaultyFilter(PEXCEPTION_POINTERS Pointers, PVOID Place) {
  PEXCEPTION_RECORD Record = Pointers->ExceptionRecord;
  if (Record->ExceptionCode == STATUS_ACCESS_VIOLATION) {
    DbgPrint("tries:   nested %x\n", Record->ExceptionFlags);
    return EXCEPTION_CONTINUE_SEARCH;
  }
  Write(Place);
  return EXCEPTION_EXECUTE_HANDLER;
}
static NOINLINE VOID Nested(PVOID Place) {
  __try {
    Raise((PVOID)(ULONG_PTR)(ULONG)STATUS_INVALID_PARAMETER);
  } __except (FaultyFilter(GetExceptionInformation(), Place)) {
    DbgPrint("tries:   not this one\n");
  }
}
static LONG GoOn(NTSTATUS Code) {
  return Code == STATUS_NONCONTINUABLE_EXCEPTION ? EXCEPTION_CONTINUE_SEARCH
                                                 : EXCEPTION_CONTINUE_EXECUTION;
}
static NOINLINE VOID ContinueRaised(PVOID Status) {
  __try {
    Raise(Status);
  } __except (GoOn(GetExceptionCode())) {
    DbgPrint("tries:   not this one\n");
  }
}
static NOINLINE LONG ContinueSoft(VOID) {
  EXCEPTION_RECORD Record = {0};
  volatile LONG Value = 1;
  Record.ExceptionCode = 0xE0001234;
  __try {
    RtlRaiseException(&Record);
    Value = 2;
  } __except (GoOn(GetExceptionCode())) {
    Value = 3;
  }
  return Value;
}

/* ---- Unwinding that is overtaken. */
static NOINLINE VOID Collide(PVOID Place) {
  __try {
    __try {
      Write(Place);
    } __finally {
      DbgPrint("tries:   first\n");
      Raise((PVOID)(ULONG_PTR)(ULONG)STATUS_INVALID_PARAMETER);
    }
  } __finally {
    DbgPrint("tries:   second\n");
  }
}
static NOINLINE LONG HandledInFinally(PVOID Place) {
  volatile LONG Steps = 0;
  __try {
    __try {
      Write(Place);
    } __finally {
      __try {
        Write(Place);
      } __except (EXCEPTION_EXECUTE_HANDLER) {
        Steps += 1;
      }
      Steps += 10;
    }
  } __except (EXCEPTION_EXECUTE_HANDLER) {
    Steps += 100;
  }
  return Steps;
}

/* ---- Registers. */
static NOINLINE LONG Vectors(PVOID Place, LONG From) {
  double A = From, B = From * 2., C = From * 3., D = From * 4., E = From * 5., F = From * 6.;
  LONG One = From * 7, Two = From * 11, Three = From * 13, Four = From * 17;
  __try {
    Unwound(Place);
  } __except (EXCEPTION_EXECUTE_HANDLER) {
    One += 1;
  }
  A += B * 10 + C * 100 + D * 1000 + E * 10000 + F * 100000;
  return (LONG)A + One + Two + Three + Four;
}
static NOINLINE LONG Often(PVOID Place, LONG Times) {
  volatile LONG Caught = 0;
  for (LONG I = 0; I < Times; ++I) {
    __try {
      Write(Place);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
      ++Caught;
    }
  }
  return Caught;
}

static VOID TryFaults(VOID) {
  LONG Zero = 0;
  Try("read", Read, (PVOID)0x10);
  Try("write", Write, (PVOID)0x18);
  Try("user", Read, (PVOID)0x7ffe12345678);
  Try("no address", Read, (PVOID)0x8000000000000000);
  Try("call", Call, NULL);
  Try("divide", Divide, &Zero);
  Try("undefined", Undefined, NULL);
  Try("break", Break, NULL);
}

static VOID TryImports(VOID) {
  Try("raise", Raise, (PVOID)(ULONG_PTR)(ULONG)STATUS_DEVICE_BUSY);
  Try("probe read", ProbeRead, (PVOID)0xFFFF800000000000);
  Try("probe aligned", ProbeRead, (PVOID)0x10002);
  Try("probe write", ProbeWrite, (PVOID)0x7ffe12345678);
  Try("compare", Compare, (PVOID)0x30);
  Try("allocate", Allocate, NULL);
}

static VOID TryFilters(VOID) {
  Try("unwound", Unwound, (PVOID)0x40);
  Try("deep", Deep, (PVOID)30);
  DbgPrint("tries: leave %d\n", Leave(1));
  DbgPrint("tries: stay %d\n", Leave(2));
  Try("passed on", PassOn, (PVOID)0x50);
  DbgPrint("tries: continued %d\n", Continue((PVOID)0x60));
  Try("nested", Nested, (PVOID)0x70);
  Try("noncontinuable", ContinueRaised, (PVOID)(ULONG_PTR)(ULONG)STATUS_DEVICE_BUSY);
  DbgPrint("tries: soft %d\n", ContinueSoft());
  Try("collided", Collide, (PVOID)0x80);
  DbgPrint("tries: finally %d\n", HandledInFinally((PVOID)0x90));
}

static VOID NTAPI OnUnload(PDRIVER_OBJECT Driver) { UNREFERENCED_PARAMETER(Driver); }

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING RegistryPath) {
  UNREFERENCED_PARAMETER(RegistryPath);
  Driver->DriverUnload = OnUnload;
  TryFaults();
  TryImports();
  TryFilters();
  DbgPrint("tries: registers %d\n", Vectors((PVOID)0xA0, 3));
  DbgPrint("tries: often %d\n", Often((PVOID)0xB0, 1000));
  return STATUS_SUCCESS;
}
