// System services by their kernel names.
#pragma once

#include <nt/ke.h>
#include <nt/zw/objects.h>

#ifdef __cplusplus
extern "C" {
#endif

// Gives way to a ready thread of the same priority or higher on this processor: STATUS_SUCCESS, or
// STATUS_NO_YIELD_PERFORMED. IRQL <= APC_LEVEL.
//                                                                                    [WI7 p1 ch4]
NTSTATUS NTAPI ZwYieldExecution(void);

#ifdef __cplusplus
}
#endif
