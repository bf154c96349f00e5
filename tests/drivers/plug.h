/* What a read of \Device\Plug gives. */
#pragma once

typedef struct _PLUG_INFORMATION {
  ULONG Resources;  /* how many the device is assigned */
  ULONG PortLength; /* of the first port; 0: none */
  ULONGLONG PortStart;
  ULONG Vector;     /* of the first interrupt; 0: none */
  ULONG Interrupts; /* so far */
  ULONG Width;      /* what the driver's key says; 0: nothing */
  ULONG Filters;    /* that the answer came through */
} PLUG_INFORMATION, *PPLUG_INFORMATION;
