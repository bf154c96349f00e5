// Comparing memory.
#include <nt/rtl/memory.h>

SIZE_T NTAPI RtlCompareMemory(VOID const* Source1, VOID const* Source2, SIZE_T Length) {
  auto const* left = static_cast<UCHAR const*>(Source1);
  auto const* right = static_cast<UCHAR const*>(Source2);
  SIZE_T same = 0;
  while (same < Length && left[same] == right[same]) ++same;
  return same;
}
