// Bits of a value.
#include <nt/rtl/bitmap.h>

#include <bit>

CCHAR NTAPI RtlFindLeastSignificantBit(ULONGLONG Set) {
  return Set == 0 ? CCHAR{-1} : static_cast<CCHAR>(std::countr_zero(Set));
}

CCHAR NTAPI RtlFindMostSignificantBit(ULONGLONG Set) {
  return static_cast<CCHAR>(63 - std::countl_zero(Set));
}

// Neighbours are added up, then pairs of them, and so on: the compiler's own count would call out.
ULONG NTAPI RtlNumberOfSetBitsUlongPtr(ULONG_PTR Target) {
  Target -= Target >> 1 & 0x5555'5555'5555'5555;
  Target = (Target & 0x3333'3333'3333'3333) + (Target >> 2 & 0x3333'3333'3333'3333);
  Target = (Target + (Target >> 4)) & 0x0F0F'0F0F'0F0F'0F0F;
  return static_cast<ULONG>(Target * 0x0101'0101'0101'0101 >> 56);
}
