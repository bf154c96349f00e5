// What a driver asserts. Built with DBG (mica_add_driver does without), an assertion that does not
// hold is told to the debugger, and then is the exception of the instruction int 2Ch; else it costs
// nothing.                                                     [MSDN NT_ASSERT, ASSERT, PAGED_CODE]
#pragma once

#include <nt/ke/irql.h>
#include <nt/rtl/debug.h>

// What a debugger is told of a place in the code; it is nowhere here.
#define __annotation(...) ((void)0)

FORCEINLINE VOID DbgRaiseAssertionFailure(void) {
  __asm__ volatile("int $0x2c");
}

#if defined(DBG) && DBG

// TRUE if it holds.
FORCEINLINE BOOLEAN MicaAsserted(BOOLEAN holds, PCSTR condition, PCSTR file, ULONG line) {
  if (holds) return TRUE;
  DbgPrint("Assertion failed: %s, at %s:%u\n", condition, file, line);
  DbgRaiseAssertionFailure();
  return FALSE;
}
#define NT_ASSERT_ACTION(condition, text) MicaAsserted(!!(condition), text, __FILE__, __LINE__)
#define NT_ASSERT(condition) NT_ASSERT_ACTION(condition, #condition)
#define NT_ASSERTMSG(message, condition) NT_ASSERT_ACTION(condition, message)
#define NT_ASSERTMSGW(message, condition) NT_ASSERT_ACTION(condition, #condition)
#define NT_VERIFY(condition) NT_ASSERT(condition)
#define NT_VERIFYMSG(message, condition) NT_ASSERTMSG(message, condition)
#define NT_ASSERT_ASSUME(condition) NT_ASSERT(condition)
#define ASSERT(condition) NT_ASSERT(condition)
#define ASSERTMSG(message, condition) NT_ASSERTMSG(message, condition)
#define RTL_VERIFY(condition) NT_ASSERT(condition)
#define RTL_SOFT_ASSERT(condition) \
  ((condition) ? TRUE : (DbgPrint("%s(%d): %s\n", __FILE__, __LINE__, #condition), FALSE))
// The caller may be paged out: IRQL <= APC_LEVEL.
#define PAGED_CODE() NT_ASSERT(KeGetCurrentIrql() <= APC_LEVEL)

#else

#define NT_ASSERT(condition) ((void)0)
#define NT_ASSERTMSG(message, condition) ((void)0)
#define NT_ASSERTMSGW(message, condition) ((void)0)
// A call, so that no compiler finds a value that nobody uses.
FORCEINLINE BOOLEAN MicaVerified(BOOLEAN holds) {
  return holds;
}
#define NT_VERIFY(condition) MicaVerified(!!(condition))
#define NT_VERIFYMSG(message, condition) MicaVerified(!!(condition))
#ifdef __clang__
#define NT_ASSERT_ASSUME(condition) __builtin_assume(condition)
#else
#define NT_ASSERT_ASSUME(condition) ((condition) ? (void)0 : __builtin_unreachable())
#endif
#define ASSERT(condition) ((void)0)
#define ASSERTMSG(message, condition) ((void)0)
#define RTL_VERIFY(condition) MicaVerified(!!(condition))
#define RTL_SOFT_ASSERT(condition) ((void)0)
#define PAGED_CODE() ((void)0)

#endif

// The code is in a section that was locked into memory.                    [MSDN PAGED_CODE_LOCKED]
#define PAGED_CODE_LOCKED() ((void)0)
