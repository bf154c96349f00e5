/* What the driver of interrupts tells who reads its device. */
#pragma once

#define INTERRUPTS_VECTOR 0x57

typedef struct _INTERRUPTS_SEEN {
  LONG Interrupts;
  LONG Dpcs;
} INTERRUPTS_SEEN, *PINTERRUPTS_SEEN;
