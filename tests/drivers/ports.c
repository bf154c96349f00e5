/* Reads and writes ports at 0x320 as old drivers do, before anything is plugged in: in all widths,
   and in strings. Fails by the number of what came otherwise. */
#include <ntddk.h>

#define PORT 0x320

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD PortsUnload;

static VOID In(USHORT Port, PVOID Buffer, SIZE_T Count, ULONG Bytes, BOOLEAN Down) {
  if (Down) __asm__ volatile("std" : : : "cc");
  if (Bytes == 1) __asm__ volatile("rep insb" : "+D"(Buffer), "+c"(Count) : "d"(Port) : "memory");
  if (Bytes == 2) __asm__ volatile("rep insw" : "+D"(Buffer), "+c"(Count) : "d"(Port) : "memory");
  if (Bytes == 4) __asm__ volatile("rep insl" : "+D"(Buffer), "+c"(Count) : "d"(Port) : "memory");
  if (Down) __asm__ volatile("cld" : : : "cc");
}

static VOID Out(USHORT Port, void const* Buffer, SIZE_T Count, ULONG Bytes) {
  if (Bytes == 1) __asm__ volatile("rep outsb" : "+S"(Buffer), "+c"(Count) : "d"(Port) : "memory");
  if (Bytes == 2) __asm__ volatile("rep outsw" : "+S"(Buffer), "+c"(Count) : "d"(Port) : "memory");
  if (Bytes == 4) __asm__ volatile("rep outsl" : "+S"(Buffer), "+c"(Count) : "d"(Port) : "memory");
}

static ULONG Wrong(void) {
  static const UCHAR Bytes[] = {1, 2, 3};
  static const USHORT Words[] = {0x1122, 0x3344};
  static const ULONG Double[] = {0x55667788};
  UCHAR Came[4] = {0};
  USHORT Wide = 0;
  ULONG Widest = 0;
  UCHAR Last;
  Out(PORT, Bytes, 3, 1);
  In(PORT, Came, 4, 1, FALSE); /* the last one stays */
  if (Came[0] != 1 || Came[1] != 2 || Came[2] != 3 || Came[3] != 3) return 1;
  Out(PORT, Bytes, 3, 1);
  In(PORT, Came + 2, 3, 1, TRUE);
  if (Came[0] != 3 || Came[1] != 2 || Came[2] != 1 || Came[3] != 3) return 2;
  Out(PORT + 2, Words, 2, 2);
  In(PORT + 2, &Wide, 1, 2, FALSE);
  if (Wide != 0x3344) return 3;
  Out(PORT + 4, Double, 1, 4);
  In(PORT + 4, &Widest, 1, 4, FALSE);
  if (Widest != 0x55667788) return 4;
  In(PORT, NULL, 0, 1, FALSE);
  __outdword(PORT + 4, 0x99AABBCC);
  if (__indword(PORT + 4) != 0x99AABBCC) return 5;
  __outword(PORT + 2, 0xFEDC);
  if (__inword(PORT + 2) != 0xFEDC) return 6;
  if (__inbyte(PORT + 8) != 0xFF || __indword(0x80) != 0xFFFFFFFF) return 7;
  __asm__ volatile("outb %%al, $0x40\n\tinb $0x40, %%al" : "=a"(Last) : "a"((UCHAR)0x77));
  return Last == 0x77 ? 0 : 8;
}

_Use_decl_annotations_ VOID PortsUnload(PDRIVER_OBJECT Driver) {
  UNREFERENCED_PARAMETER(Driver);
}

_Use_decl_annotations_ NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING RegistryPath) {
  ULONG Number = Wrong();
  UNREFERENCED_PARAMETER(RegistryPath);
  Driver->DriverUnload = PortsUnload;
  return Number == 0 ? STATUS_SUCCESS : (NTSTATUS)(0xE0000000 + Number);
}
