// Whoever includes this defines the GUIDs that DEFINE_GUID names from here on.
//                                                         [MSDN "Including GUIDs in Driver Code"]
#ifndef INITGUID
#define INITGUID
#endif
#include <nt/guiddef.h>
