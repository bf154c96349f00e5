/* Drivers that break a rule when they are told to, one for each family of rules. */
#ifndef MICA_TEST_BREAKS_H
#define MICA_TEST_BREAKS_H

/* Breaks the rule with that number in the driver's table: the System stops there. */
#define IOCTL_BREAK(number) \
  CTL_CODE(FILE_DEVICE_UNKNOWN, 0x840 + (number), METHOD_NEITHER, FILE_ANY_ACCESS)
/* Where the System went on all the same: what the rule's breach left is put in order. */
#define IOCTL_MEND(number) \
  CTL_CODE(FILE_DEVICE_UNKNOWN, 0x880 + (number), METHOD_NEITHER, FILE_ANY_ACCESS)

#ifdef _WIN32
typedef VOID BREAK_ROUTINE(PDEVICE_OBJECT DeviceObject, PIRP Irp);

typedef struct _BREAK {
  BREAK_ROUTINE* Break;
  VOID (*Mend)(VOID); /* NULL: nothing is left */
} BREAK;

/* The driver's table, and how many it has. */
extern const BREAK Breaks[];
extern const ULONG BreakCount;
#endif

#endif
