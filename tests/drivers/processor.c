/* Does what drivers have inline where Windows has no routine, or none that is called: CR8 and other
   system registers, interrupts, ports, the processor's block and the data that all share. Fails if
   something of it is not as on a processor in a kernel, and says what. */
#include <ntddk.h>

static ULONG Wrong;
static void Check(BOOLEAN Holds, const char* What, ULONG Line) {
  if (Holds) return;
  ++Wrong;
  DbgPrint("processor: line %lu: %s\n", Line, What);
}
#define CHECK(What) Check((What) != 0, #What, __LINE__)

static KIRQL Level(void) {
  ULONG64 Value;
  __asm__ volatile("mov %%cr8, %0" : "=r"(Value));
  return (KIRQL)Value;
}
static void SetLevel(KIRQL Value) {
  __asm__ volatile("mov %0, %%cr8" : : "r"((ULONG64)Value) : "memory");
}

static KDPC Dpc;
static volatile LONG Ran;
static KDEFERRED_ROUTINE Note;
static VOID NTAPI Note(PKDPC Queued, PVOID Context, PVOID First, PVOID Second) {
  UNREFERENCED_PARAMETER(Queued);
  UNREFERENCED_PARAMETER(Context);
  UNREFERENCED_PARAMETER(First);
  UNREFERENCED_PARAMETER(Second);
  Ran = Level() == DISPATCH_LEVEL ? 1 : 2;
}

static void Levels(void) {
  ULONG Waited;
  CHECK(Level() == PASSIVE_LEVEL);
  SetLevel(DISPATCH_LEVEL);
  CHECK(Level() == DISPATCH_LEVEL && KeGetCurrentIrql() == DISPATCH_LEVEL);
  KeInitializeDpc(&Dpc, Note, NULL);
  KeSetTargetProcessorDpc(&Dpc, (CCHAR)KeGetCurrentProcessorNumber());
  CHECK(KeInsertQueueDpc(&Dpc, NULL, NULL));
  CHECK(Ran == 0);
  SetLevel(PASSIVE_LEVEL);
  for (Waited = 0; Ran == 0 && Waited < 1000; ++Waited) KeStallExecutionProcessor(100);
  CHECK(Ran == 1 && Level() == PASSIVE_LEVEL);
}

/* A change of the level lets others run, and shows in no register but CR8. */
static void Registers(void) {
  static const UCHAR Pattern[32] = {1, 2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16,
                                    1, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36};
  UCHAR After[32];
  ULONG64 Rax = 0x1122334455667788, Rcx = 3, Rdx = 4, Rsi = 5, Rdi = 6, Flags = 0;
  KeInsertQueueDpc(&Dpc, NULL, NULL);
  __asm__ volatile(
      "movups (%[pattern]), %%xmm0\n\tmovups 16(%[pattern]), %%xmm15\n\t"
      "mov $2, %%r8d\n\tmov $0x77, %%r9d\n\tmov $0x88, %%r11d\n\t"
      "stc\n\tmov %%r8, %%cr8\n\tmov $0, %%r8d\n\tmov %%r8, %%cr8\n\t"
      "setc %b[flags]\n\tadd %%r9, %%r11\n\tadd %%r11, %[flags]\n\t"
      "movups %%xmm0, (%[after])\n\tmovups %%xmm15, 16(%[after])"
      : "+a"(Rax), "+c"(Rcx), "+d"(Rdx), "+S"(Rsi), "+D"(Rdi), [flags] "+&b"(Flags)
      : [pattern] "r"(Pattern), [after] "r"(After)
      : "r8", "r9", "r11", "xmm0", "xmm15", "memory", "cc");
  CHECK(Rax == 0x1122334455667788 && Rcx == 3 && Rdx == 4 && Rsi == 5 && Rdi == 6);
  CHECK(Flags == 1 + 0x77 + 0x88);
  CHECK(RtlCompareMemory(Pattern, After, 32) == 32);
}

static void Interrupts(void) {
  volatile ULONG Value = 1;
  __asm__ volatile("cli" : : : "memory");
  ++Value;
  __asm__ volatile("sti" : : : "memory");
  __asm__ volatile("wbinvd" : : : "memory");
  CHECK(Value == 2);
}

/* Nothing is at this port. */
#define PORT 0x2E0

static void Ports(void) {
  static const UCHAR Text[] = "nobody hears this";
  UCHAR Room[5] = {0, 0, 0, 0, 7};
  const UCHAR* From = Text;
  PUCHAR To = Room;
  ULONG64 Count = sizeof(Text), Value = 0x5500;
  __asm__ volatile("out %%al, %%dx" : : "a"(1), "d"(PORT));
  __asm__ volatile("in %%dx, %%al" : "+a"(Value) : "d"(PORT));
  CHECK(Value == 0x55FF);
  __asm__ volatile("in %%dx, %%eax" : "+a"(Value) : "d"(PORT));
  CHECK(Value == 0xFFFFFFFF);
  __asm__ volatile("rep outsb" : "+S"(From), "+c"(Count) : "d"(PORT) : "memory");
  CHECK(From == Text + sizeof(Text) && Count == 0);
  Count = 2;
  __asm__ volatile("rep insw" : "+D"(To), "+c"(Count) : "d"(PORT) : "memory");
  CHECK(To == Room + 4 && Count == 0 && Room[0] == 0xFF && Room[3] == 0xFF && Room[4] == 7);
}

/* Paged, with read-only pages that hold for a kernel; SSE; 64 bits. */
static void SystemRegisters(void) {
  PVOID Self;
  KIRQL Old;
  CHECK((__readcr0() & 0x80010001) == 0x80010001);
  CHECK((__readcr4() & 0x220) == 0x220);
  CHECK((__readmsr(0xC0000080) & 0x500) == 0x500);
  KeRaiseIrql(DISPATCH_LEVEL, &Old);
  __asm__ volatile("mov %%gs:0x18, %0" : "=r"(Self));
  CHECK(__readmsr(0xC0000101) == (ULONG64)Self);
  KeLowerIrql(Old);
  __writecr0(__readcr0());
  __invlpg(&Self);
}

static void Block(void) {
  PVOID Thread, Self;
  ULONG64 Number = 0;
  KIRQL Old;
  KeRaiseIrql(DISPATCH_LEVEL, &Old);
  __asm__ volatile("mov %%gs:0x188, %0" : "=r"(Thread));
  __asm__ volatile("movzbl %%gs:0x184, %k0" : "=r"(Number));
  __asm__ volatile("mov %%gs:0x18, %0" : "=r"(Self));
  CHECK(Thread == (PVOID)KeGetCurrentThread());
  CHECK(Number == KeGetCurrentProcessorNumber());
  CHECK(Self != NULL);
  KeLowerIrql(Old);
}

#define SHARED 0xFFFFF78000000000

static void SharedData(void) {
  volatile const UCHAR* Shared = (volatile const UCHAR*)SHARED;
  ULONG64 Before = *(volatile const ULONG64*)(Shared + 8), Wide;
  LONG Signed;
  UCHAR Equal;
  CHECK(Before <= KeQueryInterruptTime());
  CHECK(*(volatile const ULONG*)(Shared + 0x26C) == 10);
  CHECK(*(volatile const ULONG*)(Shared + 0x260) == 19045 && Shared[0x268] == TRUE);
  CHECK(*(volatile const WCHAR*)(Shared + 0x30 + 2 * 3) == L'W');
  __asm__ volatile("movabsl %c1, %%eax\n\tmov %%rax, %0"
                   : "=r"(Wide)
                   : "i"(SHARED + 0x26C)
                   : "rax");
  CHECK(Wide == 10);
  __asm__ volatile("cmpl $10, 0x26C(%1)\n\tsete %0" : "=r"(Equal) : "r"(Shared) : "cc");
  CHECK(Equal == 1);
  __asm__ volatile("cmpl %2, 0x26C(%1)\n\tsetl %0" : "=r"(Equal) : "r"(Shared), "r"(11) : "cc");
  CHECK(Equal == 1);
  __asm__ volatile("movswl 0x26C(%1), %0" : "=r"(Signed) : "r"(Shared));
  CHECK(Signed == 10);
}

static DRIVER_UNLOAD Unload;
static VOID NTAPI Unload(PDRIVER_OBJECT Driver) {
  UNREFERENCED_PARAMETER(Driver);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING RegistryPath) {
  UNREFERENCED_PARAMETER(RegistryPath);
  Driver->DriverUnload = Unload;
  Levels();
  Registers();
  Interrupts();
  Ports();
  SystemRegisters();
  Block();
  SharedData();
  KeFlushQueuedDpcs();
  return Wrong == 0 ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL;
}
