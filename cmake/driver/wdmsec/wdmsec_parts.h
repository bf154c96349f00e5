/* What the parts of the library are to each other. */
#pragma once

#include <nt/wdmsec.h>

#define WDMSEC_TAG 'cesW'

/* The security descriptor of a text, self-relative, a block of pool with WDMSEC_TAG.
   STATUS_INVALID_PARAMETER: the text is no such; STATUS_INSUFFICIENT_RESOURCES. */
NTSTATUS WdmsecParse(_In_ PCUNICODE_STRING Text, _Outptr_ PSECURITY_DESCRIPTOR* Descriptor);

/* What the registry may say instead of the caller of IoCreateDeviceSecure. */
typedef struct _WDMSEC_SETTINGS {
  ULONG DeviceType;
  ULONG DeviceCharacteristics;
  ULONG Exclusive;
  PSECURITY_DESCRIPTOR Descriptor; /* NULL: nothing; else a block of pool with WDMSEC_TAG */
} WDMSEC_SETTINGS;

/* Changes what the class has a value for. STATUS_SUCCESS also if there is no such class. */
NTSTATUS WdmsecReadClass(_In_ LPCGUID Class, _Inout_ WDMSEC_SETTINGS* Settings);
