// Checked arithmetic: sums, differences, products and conversions of integers that say so if the
// result is not what mathematics has, all of it inline.      [MSDN "Using Safe Integer Functions"]
//   RtlULongAdd(Augend, Addend, &Result), RtlULongSub(Minuend, Subtrahend, &Result),
//   RtlULongMult(Multiplicand, Multiplier, &Result), RtlULongToUShort(Operand, &Result), and so for
//   all the types below; conversions are from each to each, also where nothing can be lost.
//   STATUS_INTEGER_OVERFLOW: the result does not fit; *Result is no result, but all ones.
//   Any IRQL for resident memory.
#pragma once

#include <nt/ntstatus.h>

#define MICA_SAFE_INTEGER static inline __attribute__((unused)) NTSTATUS

#define MICA_SAFE_OPERATION(name, Type, overflows)              \
  MICA_SAFE_INTEGER name(Type Left, Type Right, Type* Result) { \
    if (!overflows(Left, Right, Result)) return STATUS_SUCCESS; \
    *Result = (Type)-1;                                         \
    return STATUS_INTEGER_OVERFLOW;                             \
  }
#define MICA_SAFE_ARITHMETIC(type, Type)                            \
  MICA_SAFE_OPERATION(Rtl##type##Add, Type, __builtin_add_overflow) \
  MICA_SAFE_OPERATION(Rtl##type##Sub, Type, __builtin_sub_overflow) \
  MICA_SAFE_OPERATION(Rtl##type##Mult, Type, __builtin_mul_overflow)
#define MICA_SAFE_CONVERSION(from, FromType, to, ToType)                    \
  MICA_SAFE_INTEGER Rtl##from##To##to(FromType Operand, ToType* Result) {   \
    if (!__builtin_add_overflow(Operand, 0, Result)) return STATUS_SUCCESS; \
    *Result = (ToType)-1;                                                   \
    return STATUS_INTEGER_OVERFLOW;                                         \
  }

// Of one type, `from`, with each type. The list stands once more behind it, for each is a `from`
// too: a macro is not replaced within itself. An entry: its name in names of functions, its type.
// clang-format off
#define MICA_SAFE_TYPE(from, Type) \
  MICA_SAFE_ARITHMETIC(from, Type) \
  MICA_SAFE_CONVERSION(from, Type, Int8, signed char) \
  MICA_SAFE_CONVERSION(from, Type, UInt8, unsigned char) \
  MICA_SAFE_CONVERSION(from, Type, Char, CHAR) \
  MICA_SAFE_CONVERSION(from, Type, UChar, UCHAR) \
  MICA_SAFE_CONVERSION(from, Type, Byte, UCHAR) \
  MICA_SAFE_CONVERSION(from, Type, Short, SHORT) \
  MICA_SAFE_CONVERSION(from, Type, Int16, SHORT) \
  MICA_SAFE_CONVERSION(from, Type, UShort, USHORT) \
  MICA_SAFE_CONVERSION(from, Type, UInt16, USHORT) \
  MICA_SAFE_CONVERSION(from, Type, Word, USHORT) \
  MICA_SAFE_CONVERSION(from, Type, Int, int) \
  MICA_SAFE_CONVERSION(from, Type, Int32, int) \
  MICA_SAFE_CONVERSION(from, Type, UInt, unsigned int) \
  MICA_SAFE_CONVERSION(from, Type, UInt32, unsigned int) \
  MICA_SAFE_CONVERSION(from, Type, Long, LONG) \
  MICA_SAFE_CONVERSION(from, Type, ULong, ULONG) \
  MICA_SAFE_CONVERSION(from, Type, DWord, ULONG) \
  MICA_SAFE_CONVERSION(from, Type, LongLong, LONGLONG) \
  MICA_SAFE_CONVERSION(from, Type, Long64, LONGLONG) \
  MICA_SAFE_CONVERSION(from, Type, Int64, LONGLONG) \
  MICA_SAFE_CONVERSION(from, Type, ULongLong, ULONGLONG) \
  MICA_SAFE_CONVERSION(from, Type, ULong64, ULONGLONG) \
  MICA_SAFE_CONVERSION(from, Type, UInt64, ULONGLONG) \
  MICA_SAFE_CONVERSION(from, Type, DWord64, ULONGLONG) \
  MICA_SAFE_CONVERSION(from, Type, DWordLong, ULONGLONG) \
  MICA_SAFE_CONVERSION(from, Type, IntPtr, LONG_PTR) \
  MICA_SAFE_CONVERSION(from, Type, LongPtr, LONG_PTR) \
  MICA_SAFE_CONVERSION(from, Type, PtrdiffT, LONG_PTR) \
  MICA_SAFE_CONVERSION(from, Type, SSIZET, LONG_PTR) \
  MICA_SAFE_CONVERSION(from, Type, UIntPtr, ULONG_PTR) \
  MICA_SAFE_CONVERSION(from, Type, ULongPtr, ULONG_PTR) \
  MICA_SAFE_CONVERSION(from, Type, DWordPtr, ULONG_PTR) \
  MICA_SAFE_CONVERSION(from, Type, SizeT, ULONG_PTR) \
  MICA_SAFE_CONVERSION(from, Type, SIZET, ULONG_PTR)
// clang-format on

MICA_SAFE_TYPE(Int8, signed char)
MICA_SAFE_TYPE(UInt8, unsigned char)
MICA_SAFE_TYPE(Char, CHAR)
MICA_SAFE_TYPE(UChar, UCHAR)
MICA_SAFE_TYPE(Byte, UCHAR)
MICA_SAFE_TYPE(Short, SHORT)
MICA_SAFE_TYPE(Int16, SHORT)
MICA_SAFE_TYPE(UShort, USHORT)
MICA_SAFE_TYPE(UInt16, USHORT)
MICA_SAFE_TYPE(Word, USHORT)
MICA_SAFE_TYPE(Int, int)
MICA_SAFE_TYPE(Int32, int)
MICA_SAFE_TYPE(UInt, unsigned int)
MICA_SAFE_TYPE(UInt32, unsigned int)
MICA_SAFE_TYPE(Long, LONG)
MICA_SAFE_TYPE(ULong, ULONG)
MICA_SAFE_TYPE(DWord, ULONG)
MICA_SAFE_TYPE(LongLong, LONGLONG)
MICA_SAFE_TYPE(Long64, LONGLONG)
MICA_SAFE_TYPE(Int64, LONGLONG)
MICA_SAFE_TYPE(ULongLong, ULONGLONG)
MICA_SAFE_TYPE(ULong64, ULONGLONG)
MICA_SAFE_TYPE(UInt64, ULONGLONG)
MICA_SAFE_TYPE(DWord64, ULONGLONG)
MICA_SAFE_TYPE(DWordLong, ULONGLONG)
MICA_SAFE_TYPE(IntPtr, LONG_PTR)
MICA_SAFE_TYPE(LongPtr, LONG_PTR)
MICA_SAFE_TYPE(PtrdiffT, LONG_PTR)
MICA_SAFE_TYPE(SSIZET, LONG_PTR)
MICA_SAFE_TYPE(UIntPtr, ULONG_PTR)
MICA_SAFE_TYPE(ULongPtr, ULONG_PTR)
MICA_SAFE_TYPE(DWordPtr, ULONG_PTR)
MICA_SAFE_TYPE(SizeT, ULONG_PTR)
MICA_SAFE_TYPE(SIZET, ULONG_PTR)

#undef MICA_SAFE_TYPE
#undef MICA_SAFE_CONVERSION
#undef MICA_SAFE_ARITHMETIC
#undef MICA_SAFE_OPERATION
#undef MICA_SAFE_INTEGER
