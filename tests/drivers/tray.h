/* A tray that cards are put into: what its drivers and those who use them share. */
#pragma once

#include <initguid.h>

/* Interfaces of the tray, and of each card. */
DEFINE_GUID(GUID_DEVINTERFACE_TRAY, 0x6d1f7a10, 0x52c4, 0x4b0e, 0x9a, 0x31, 0x0c, 0x5e, 0x77, 0x20,
            0x41, 0x01);
DEFINE_GUID(GUID_DEVINTERFACE_CARD, 0x6d1f7a11, 0x52c4, 0x4b0e, 0x9a, 0x31, 0x0c, 0x5e, 0x77, 0x20,
            0x41, 0x02);

/* Of the tray; the input is a card's number, a ULONG from 1 to TRAY_PLACES. */
#define IOCTL_TRAY_PUT_IN \
  CTL_CODE(FILE_DEVICE_BUS_EXTENDER, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define IOCTL_TRAY_PULL_OUT \
  CTL_CODE(FILE_DEVICE_BUS_EXTENDER, 0x801, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define IOCTL_TRAY_EJECT CTL_CODE(FILE_DEVICE_BUS_EXTENDER, 0x802, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define TRAY_PLACES 4

/* What a read of a card gives. */
typedef struct _CARD_DATA {
  ULONG Written; /* what was written last; 0: nothing */
  ULONG Filters; /* that the answer came through */
} CARD_DATA, *PCARD_DATA;
