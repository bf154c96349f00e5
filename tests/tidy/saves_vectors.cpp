// A routine that calls out of NTAPI, which script/tidy --vectors must notice.
#include <nt/ntdef.h>

extern "C" {

void system_v_call();

VOID NTAPI KePlantedCall(void);
VOID NTAPI KePlantedCall(void) {
  system_v_call();
  system_v_call();
}
}
