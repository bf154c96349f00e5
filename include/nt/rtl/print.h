// Formatted text in memory, by the names that ntoskrnl exports. Any IRQL for resident memory, also
// for wide characters. docs/rtl.md lists the formats.
#pragma once

#include <nt/ntdef.h>

#ifdef __cplusplus
extern "C" {
#endif

// Writes at most Count characters, and a terminating null where it fits behind them. How many
// characters there are; -1 if they are more than Count. Without a Buffer and a Count: how many
// there would be. Natively they have names of their own: those are the host's.
//                                                                   [MSDN _vsnprintf, _vsnwprintf]
#ifndef _WIN32
#define _vsnprintf MicaRuntime__vsnprintf
#define _vsnwprintf MicaRuntime__vsnwprintf
#endif
int NTAPI _vsnprintf(PSTR Buffer, SIZE_T Count, PCSTR Format, MS_VA_LIST Arguments);
int NTAPI _vsnwprintf(PWSTR Buffer, SIZE_T Count, PCWSTR Format, MS_VA_LIST Arguments);

#ifdef __cplusplus
}
#endif
