/* What mill.c says of its work, to who reads it. */
typedef struct _MILL_COUNTS {
  ULONG Timers;  /* expired, in their DPC */
  ULONG Dpcs;    /* of the device object */
  ULONG Items;   /* worked on at PASSIVE_LEVEL */
  ULONG Seconds; /* of the device's timer */
} MILL_COUNTS, *PMILL_COUNTS;

#define MILL_TURN_MS 2 /* for each request */

/* A text, whose bytes come back each one more. */
#define IOCTL_MILL_GRIND CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS)
/* Begun requests are not done before IOCTL_MILL_GO: who looks at what waits has the time to. */
#define IOCTL_MILL_STOP CTL_CODE(FILE_DEVICE_UNKNOWN, 0x801, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define IOCTL_MILL_GO CTL_CODE(FILE_DEVICE_UNKNOWN, 0x802, METHOD_BUFFERED, FILE_ANY_ACCESS)
