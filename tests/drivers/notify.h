/* How notify.c is asked to signal an event after a time. */
#pragma once

typedef struct _REGISTER_EVENT {
  HANDLE Event;
  LARGE_INTEGER DueTime; /* in 100 ns, negative: from now */
} REGISTER_EVENT, *PREGISTER_EVENT;

#define IOCTL_REGISTER_EVENT CTL_CODE(FILE_DEVICE_UNKNOWN, 0x801, METHOD_BUFFERED, FILE_ANY_ACCESS)
