/* What mill.c says of its work, to who reads it. */
typedef struct _MILL_COUNTS {
  ULONG Timers;  /* expired, in their DPC */
  ULONG Dpcs;    /* of the device object */
  ULONG Items;   /* worked on at PASSIVE_LEVEL */
  ULONG Seconds; /* of the device's timer */
} MILL_COUNTS, *PMILL_COUNTS;

#define MILL_TURN_MS 2 /* for each request */
