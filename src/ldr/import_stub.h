/* Where things stand for the code that imports lead through (import_stub.S), which import_stub.hpp
 * compares with what the compiler says. */
#pragma once

/* Of a thread. */
#define MICA_THREAD_BOUNDARIES 24
#define MICA_THREAD_APC_DISABLE 32
#define MICA_THREAD_STACK_BASE 40
#define MICA_THREAD_STACK_BYTES 48

/* Of a KPCR: its processor's thread. */
#define MICA_KPCR_CURRENT_THREAD 0x188

/* Of an ImportStub. */
#define MICA_STUB_ENTRY 16
#define MICA_STUB_ROUTINE 24
#define MICA_STUB_WATCH 32

/* Of an ImportWatch. */
#define MICA_WATCH_ENTERED 0
#define MICA_WATCH_LEFT 8

/* Of an ImportCall. */
#define MICA_CALL_OUTER 0
#define MICA_CALL_KIND 8
#define MICA_CALL_APC_DISABLE 12
#define MICA_CALL_STUB 16
#define MICA_CALL_THREAD 24
#define MICA_CALL_ARGUMENTS 32
#define MICA_CALL_REGISTERS 64 /* rbx rsi rdi r12 r13 r14 r15 */
#define MICA_CALL_RESULT 120
#define MICA_CALL_VECTORS 128 /* xmm6-15 */
#define MICA_CALL_RBP 288

/* What is passed on of the arguments on the stack: of a routine with a list of its own, no routine
 * has more; and of one whose arguments are as many as its caller likes (DbgPrint). */
#define MICA_STACK_ARGUMENTS 12
#define MICA_VARIABLE_STACK_ARGUMENTS 60
