// Words for structured exceptions in C; they are the compiler's own in C++, where try is another.
//                                                         [MSDN "try-except statement", excpt.h]
#pragma once

#ifdef _WIN32

#define EXCEPTION_EXECUTE_HANDLER 1
#define EXCEPTION_CONTINUE_SEARCH 0
#define EXCEPTION_CONTINUE_EXECUTION (-1)

// gcc has no such blocks, and would keep nothing of them: to say one of the words is an error that
// names it.
#ifndef __clang__
#define MICA_NO_BLOCK(word) _Pragma(word)
#define __try MICA_NO_BLOCK("GCC error \"gcc has no __try: compile this driver with clang-19\"")
#define __except MICA_NO_BLOCK("GCC error \"gcc has no __except: compile it with clang-19\"")
#define __finally MICA_NO_BLOCK("GCC error \"gcc has no __finally: compile it with clang-19\"")
#define __leave MICA_NO_BLOCK("GCC error \"gcc has no __leave: compile it with clang-19\"")
#endif

#ifndef __cplusplus
#define try __try
#define except __except
#define finally __finally
#define leave __leave
#endif

// In a filter or a handler, a filter, a termination handler.
#define GetExceptionCode _exception_code
#define exception_code _exception_code
#define GetExceptionInformation() ((struct _EXCEPTION_POINTERS*)_exception_info())
#define exception_info GetExceptionInformation
#define AbnormalTermination _abnormal_termination
#define abnormal_termination _abnormal_termination

#endif
