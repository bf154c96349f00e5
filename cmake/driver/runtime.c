/* What compilers call by themselves, to copy and to zero structures: linked into every driver. */
#include <ntddk.h>

void* memcpy(void* Destination, void const* Source, SIZE_T Count) {
  void* To = Destination;
  __asm__ volatile("rep movsb" : "+D"(To), "+S"(Source), "+c"(Count) : : "memory");
  return Destination;
}

void* memset(void* Destination, int Value, SIZE_T Count) {
  void* To = Destination;
  __asm__ volatile("rep stosb" : "+D"(To), "+c"(Count) : "a"(Value) : "memory");
  return Destination;
}

/* The areas may overlap. */
void* memmove(void* Destination, void const* Source, SIZE_T Count) {
  UCHAR volatile* To = Destination;
  UCHAR const volatile* From = Source;
  if ((ULONG_PTR)Destination - (ULONG_PTR)Source >= Count)
    return memcpy(Destination, Source, Count);
  while (Count-- > 0) To[Count] = From[Count];
  return Destination;
}

int memcmp(void const* Left, void const* Right, SIZE_T Count) {
  UCHAR const volatile *A = Left, *B = Right;
  for (; Count > 0; --Count, ++A, ++B) {
    UCHAR a = *A, b = *B;
    if (a != b) return a - b;
  }
  return 0;
}
