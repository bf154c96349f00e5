// What sources include for the compiler's intrinsics; the compiler's own header of this name wants
// to be Microsoft's.                                             [MSDN "Compiler intrinsics"]
#pragma once

#ifdef _WIN32
#include <nt/wdk/intrinsics.h>
#include <x86intrin.h>
#endif
