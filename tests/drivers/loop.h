/* What loop.c and the filter over it are asked for. */
#define LOOP_CAPACITY 64

/* A ULONG: how many bytes were written and not read yet. */
#define IOCTL_LOOP_WAITING CTL_CODE(FILE_DEVICE_UNKNOWN, 0x810, METHOD_BUFFERED, FILE_READ_ACCESS)

/* The filter's own: what passed it. */
#define IOCTL_FILTER_PASSED CTL_CODE(FILE_DEVICE_UNKNOWN, 0x811, METHOD_BUFFERED, FILE_READ_ACCESS)
typedef struct _FILTER_PASSED {
  ULONG Reads; /* that succeeded */
  ULONG Writes;
  ULONG BytesWritten;
  ULONG Others;
} FILTER_PASSED, *PFILTER_PASSED;
