/* Does again and again what a process may not: of every kind, beside what may stand there.
   DriverEntry says what came of it, which is the same however it is done. */
#include <ntddk.h>

#define NOINLINE __attribute__((noinline))
#define TIMES 5
#define SHARED 0xFFFFF78000000000

/* Instructions with what follows them: routines that get a number and return one. */
typedef ULONG64 ROUTINE(ULONG64 Argument);
#define LABEL(name) ".globl " #name "\n" #name ":\n"
#define CODE(name, ...) \
  ROUTINE name;         \
  __asm__(".text\n" LABEL(name) __VA_ARGS__ "\n")

CODE(ReadRet, "mov %cr8, %rax\n ret");
CODE(ReadThenExtend, "mov %cr8, %rax\n movzbl %al, %eax\n ret");
CODE(ReadThenAdd, "mov %cr8, %rax\n add %eax, %eax\n ret");
CODE(ReadThenCompare, "mov %cr8, %rax\n cmp $7, %al\n sbb %rax, %rax\n ret");
CODE(ReadOther, "push %r12\n mov %cr8, %r12\n push %r12\n pop %rax\n pop %r12\n ret");
CODE(ReadStack,
     "push %rbx\n mov %rsp, %rbx\n mov %cr8, %rsp\n mov %rsp, %rax\n mov %rbx, %rsp\n pop %rbx\n "
     "ret");
CODE(ReadThenCall, "sub $40, %rsp\n mov %cr8, %rax\n call *Function(%rip)\n add $40, %rsp\n ret");
CODE(ReadThenJump, "mov %cr8, %rax\n jmp 1f\n .skip 200\n 1: ret");
CODE(ReadTwice, "mov %cr8, %rax\n mov %cr8, %rcx\n add %rcx, %rax\n ret");
CODE(Raise, "mov %cr8, %rax\n mov %rcx, %cr8\n ret");
CODE(RaiseAndBack, "mov %cr8, %rdx\n mov %rcx, %cr8\n mov %cr8, %rax\n mov %rdx, %cr8\n ret");
/* Somebody comes to the second of two that follow each other without the first. */
CODE(Second,
     "test %ecx, %ecx\n jz 1f\n mov %cr8, %rax\n 1: mov %cr8, %rcx\n lea 3(%rcx), %rax\n ret");
CODE(KeepFlags,
     "mov %cr8, %rdx\n stc\n mov %rcx, %cr8\n setc %al\n mov %rdx, %cr8\n setc %ah\n movzwl %ax, "
     "%eax\n ret");

CODE(Thread, "mov %gs:0x188, %rax\n ret");
CODE(NumberByte, "mov %rcx, %rax\n mov %gs:0x184, %al\n ret");
CODE(NumberHigh, "mov %rcx, %rax\n mov %gs:0x184, %ah\n ret");
CODE(NumberSigned, "movswq %gs:0x184, %rax\n ret");
CODE(CompareNumber, "mov %rcx, %rax\n cmpb $0, %gs:0x184\n sete %al\n movzbl %al, %eax\n ret");
CODE(CompareThread, "mov %rcx, %rdx\n cmp %gs:0x188, %rdx\n sete %al\n movzbl %al, %eax\n ret");
CODE(ByRegister, "mov %gs:(%rcx), %rax\n ret");

CODE(Load, "mov (%rcx), %rax\n ret");
CODE(LoadHalf, "mov 0x26c(%rcx), %eax\n ret");
CODE(LoadHere, "mov %rcx, %rax\n mov (%rax), %rax\n ret");
CODE(LoadByte, "mov $-1, %rax\n mov 0x26c(%rcx), %al\n ret");
CODE(LoadWide, "xor %edx, %edx\n movswl 0x26c(%rcx,%rdx,4), %eax\n ret");
CODE(LoadFixed, "movabs 0xFFFFF7800000026C, %eax\n ret");
CODE(CompareShared, "stc\n cmpl $10, 0x26c(%rcx)\n setb %al\n sete %ah\n movzwl %ax, %eax\n ret");

CODE(Off, "mov %rcx, %rax\n stc\n cli\n sti\n wbinvd\n adc $0, %rax\n ret");

CODE(Model, "mov %rcx, %r8\n rdmsr\n shl $32, %rdx\n or %rdx, %rax\n ret");
CODE(SetMode, "mov %cr0, %rax\n and %rcx, %rax\n mov %rax, %cr0\n ret");

static ULONG64 NOINLINE Called(void) {
  return 77;
}
ULONG64 (*volatile Function)(void) = Called;

static void Say(const char* Name, ROUTINE* Routine, ULONG64 Argument) {
  ULONG64 First = Routine(Argument), Result = 0;
  ULONG Time;
  for (Time = 1; Time < TIMES; ++Time) {
    Result = Routine(Argument);
    if (Result != First) break;
  }
  DbgPrint("again: %s %I64x%s\n", Name, First, Time == TIMES ? "" : " and then another");
}

/* What comes of an argument that is none, first of all or behind those that are. */
static void SayFault(const char* Name, ROUTINE* Routine, ULONG64 Argument) {
  NTSTATUS Code = STATUS_SUCCESS;
  ULONG64 Where = 0, Address = 0;
  __try {
    Routine(Argument);
  } __except (Where = (ULONG64)GetExceptionInformation()->ExceptionRecord->ExceptionAddress -
                      (ULONG64)Routine,
              Address = GetExceptionInformation()->ExceptionRecord->ExceptionInformation[1],
              Where += GetExceptionInformation()->ContextRecord->Rip - (ULONG64)Routine,
              Code = GetExceptionCode(), EXCEPTION_EXECUTE_HANDLER) {
  }
  DbgPrint("again: %s %08x at %I64x of %I64x, level %u\n", Name, Code, Where, Address,
           KeGetCurrentIrql());
}

static KDPC Dpc;
static volatile LONG Ran;
static KDEFERRED_ROUTINE Note;
static VOID NTAPI Note(PKDPC Queued, PVOID Context, PVOID First, PVOID Second) {
  UNREFERENCED_PARAMETER(Queued);
  UNREFERENCED_PARAMETER(Context);
  UNREFERENCED_PARAMETER(First);
  UNREFERENCED_PARAMETER(Second);
  Ran += 1 + (LONG)ReadRet(0);
}

/* Lowering runs what was queued meanwhile. */
static void Queue(void) {
  ULONG Time;
  KeInitializeDpc(&Dpc, Note, NULL);
  for (Time = 0; Time < TIMES; ++Time) {
    ULONG64 Old = Raise(DISPATCH_LEVEL);
    KeSetTargetProcessorDpc(&Dpc, (CCHAR)KeGetCurrentProcessorNumber());
    KeInsertQueueDpc(&Dpc, NULL, NULL);
    Raise(Old);
    KeFlushQueuedDpcs();
  }
  DbgPrint("again: queued %ld\n", Ran);
}

/* A frame that is left behind a call, with what is patched as the next instruction. */
ROUTINE Leaves;
__asm__(
    ".text\n .globl Leaves\n .def Leaves; .scl 2; .type 32; .endef\n .seh_proc Leaves\n Leaves:\n"
    " push %rbx\n .seh_pushreg %rbx\n sub $48, %rsp\n .seh_stackalloc 48\n .seh_endprologue\n"
    " call *%rcx\n mov %cr8, %rax\n jmp 1f\n .skip 8\n 1: add $48, %rsp\n pop %rbx\n ret\n "
    ".seh_endproc\n");

static ULONG Raises;
static VOID(NTAPI* volatile RaiseStatus)(NTSTATUS) = ExRaiseStatus;
static NOINLINE ULONG64 MayRaise(void) {
  if (Raises != 0) RaiseStatus(STATUS_INVALID_PARAMETER);
  return 0;
}
static void LeaveFrames(void) {
  ULONG Time;
  for (Time = 0; Time < TIMES; ++Time) {
    NTSTATUS Code = STATUS_SUCCESS;
    ULONG64 Kept = 0x1234 + Time;
    Raises = Time & 1;
    __try {
      __asm__ volatile("" : "+b"(Kept));
      Leaves((ULONG64)MayRaise);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
      Code = GetExceptionCode();
    }
    DbgPrint("again: left %08x %I64x\n", Code, Kept);
  }
}

static DRIVER_UNLOAD Unload;
static VOID NTAPI Unload(PDRIVER_OBJECT Driver) {
  UNREFERENCED_PARAMETER(Driver);
}

#define SAY(routine, argument) Say(#routine, routine, argument)
#define FAULT(routine, argument) SayFault(#routine, routine, argument)

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING RegistryPath) {
  static const ULONG64 Value = 0x1122334455667788;
  UNREFERENCED_PARAMETER(RegistryPath);
  Driver->DriverUnload = Unload;
  FAULT(Raise, 16);
  FAULT(Load, 0x20);
  SAY(ReadRet, 0), SAY(ReadThenExtend, 0), SAY(ReadThenAdd, 0), SAY(ReadThenCompare, 0);
  SAY(ReadOther, 0), SAY(ReadThenCall, 0), SAY(ReadThenJump, 0), SAY(ReadTwice, 0);
  SAY(Second, 1), SAY(Second, 0), SAY(Second, 1);
  SAY(RaiseAndBack, DISPATCH_LEVEL), SAY(RaiseAndBack, APC_LEVEL), SAY(RaiseAndBack, 15);
  SAY(KeepFlags, 5), SAY(ReadStack, 0);
  FAULT(Raise, 16), FAULT(RaiseAndBack, 0x100000000);
  Queue();
  DbgPrint("again: thread %d\n", Thread(0) == (ULONG64)KeGetCurrentThread());
  SAY(NumberByte, Value), SAY(NumberHigh, Value), SAY(NumberSigned, 0), SAY(CompareNumber, 0);
  SAY(CompareThread, (ULONG64)KeGetCurrentThread()), SAY(CompareThread, 0);
  DbgPrint("again: thread %d\n", ByRegister(0x188) == (ULONG64)KeGetCurrentThread());
  FAULT(ByRegister, 0x123456789A), FAULT(ByRegister, 0x8000000000000000);
  SAY(LoadHalf, SHARED), SAY(LoadByte, SHARED), SAY(LoadWide, SHARED), SAY(LoadFixed, SHARED);
  SAY(CompareShared, SHARED), SAY(LoadHere, SHARED + 0x30), SAY(Load, SHARED + 0x30);
  SAY(Load, (ULONG64)&Value), SAY(LoadHere, (ULONG64)&Value);
  SAY(Load, SHARED + 0x1000 - 8);
  FAULT(Load, 0x20), FAULT(LoadHere, 0x30), FAULT(Load, 0x8000000000000000);
  FAULT(LoadWide, 0x40), FAULT(CompareShared, 0x50);
  SAY(Off, 41);
  SAY(Model, 0xC0000080), SAY(SetMode, ~(ULONG64)0);
  FAULT(Model, 0x12345678), FAULT(SetMode, ~(ULONG64)0x10000);
  LeaveFrames();
  return STATUS_SUCCESS;
}
