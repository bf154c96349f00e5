/* For drivers that gcc compiles: its own header leaves this to the C library of programs.
   [C17 7.19] */
#pragma once

typedef __SIZE_TYPE__ size_t;
typedef __PTRDIFF_TYPE__ ptrdiff_t;
#ifndef __cplusplus
typedef __WCHAR_TYPE__ wchar_t;
#endif
#define offsetof(type, member) __builtin_offsetof(type, member)
#ifndef NULL
#ifdef __cplusplus
#define NULL 0 /* __null is a word of drivers' */
#else
#define NULL ((void*)0)
#endif
#endif
