// Instructions of the processor that only a kernel may execute, inline: control registers, model
// specific registers, ports, interrupts.      [MSDN "x64 intrinsics list"; wdm.h READ_PORT_UCHAR]
#pragma once

#include <nt/ntdef.h>

#define MICA_CONTROL_REGISTER(number)                                       \
  FORCEINLINE ULONG64 __readcr##number(void) {                              \
    ULONG64 value;                                                          \
    __asm__ volatile("mov %%cr" #number ", %0" : "=r"(value) : : "memory"); \
    return value;                                                           \
  }                                                                         \
  FORCEINLINE void __writecr##number(ULONG64 Value) {                       \
    __asm__ volatile("mov %0, %%cr" #number : : "r"(Value) : "memory");     \
  }
MICA_CONTROL_REGISTER(0)
MICA_CONTROL_REGISTER(3)
MICA_CONTROL_REGISTER(4)
MICA_CONTROL_REGISTER(8)
#undef MICA_CONTROL_REGISTER

FORCEINLINE ULONG64 __readcr2(void) {
  ULONG64 value;
  __asm__ volatile("mov %%cr2, %0" : "=r"(value) : : "memory");
  return value;
}

FORCEINLINE ULONG64 __readmsr(ULONG Register) {
  ULONG low, high;
  __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(Register));
  return (ULONG64)high << 32 | low;
}
FORCEINLINE void __writemsr(ULONG Register, ULONG64 Value) {
  __asm__ volatile("wrmsr"
                   :
                   : "c"(Register), "a"((ULONG)Value), "d"((ULONG)(Value >> 32))
                   : "memory");
}

FORCEINLINE void _disable(void) {
  __asm__ volatile("cli" : : : "memory");
}
FORCEINLINE void _enable(void) {
  __asm__ volatile("sti" : : : "memory");
}
FORCEINLINE void __halt(void) {
  __asm__ volatile("hlt" : : : "memory");
}
FORCEINLINE void __invlpg(void* Address) {
  __asm__ volatile("invlpg (%0)" : : "b"(Address) : "memory");
}
FORCEINLINE void __wbinvd(void) {
  __asm__ volatile("wbinvd" : : : "memory");
}
FORCEINLINE void __nop(void) {
  __asm__ volatile("nop");
}

// ---- Ports and registers in memory.
#define MICA_PORT(size, type, name, suffix)                                          \
  FORCEINLINE type __in##size(USHORT Port) {                                         \
    type value;                                                                      \
    __asm__ volatile("in" suffix " %w1, %0" : "=a"(value) : "Nd"(Port) : "memory");  \
    return value;                                                                    \
  }                                                                                  \
  FORCEINLINE void __out##size(USHORT Port, type Value) {                            \
    __asm__ volatile("out" suffix " %0, %w1" : : "a"(Value), "Nd"(Port) : "memory"); \
  }                                                                                  \
  FORCEINLINE type READ_PORT_##name(type volatile* Port) {                           \
    return __in##size((USHORT)(ULONG_PTR)Port);                                      \
  }                                                                                  \
  FORCEINLINE void WRITE_PORT_##name(type volatile* Port, type Value) {              \
    __out##size((USHORT)(ULONG_PTR)Port, Value);                                     \
  }                                                                                  \
  FORCEINLINE type READ_REGISTER_##name(type const volatile* Register) {             \
    __atomic_thread_fence(__ATOMIC_SEQ_CST);                                         \
    return *Register;                                                                \
  }                                                                                  \
  FORCEINLINE void WRITE_REGISTER_##name(type volatile* Register, type Value) {      \
    *Register = Value;                                                               \
    __atomic_thread_fence(__ATOMIC_SEQ_CST);                                         \
  }
MICA_PORT(byte, UCHAR, UCHAR, "b")
MICA_PORT(word, USHORT, USHORT, "w")
MICA_PORT(dword, ULONG, ULONG, "l")
#undef MICA_PORT
