/* For code in assembly: what Machine::current_thread() says. */
#pragma once

#include "ldr/import_stub.h"

        .macro LOAD_CURRENT_THREAD register
        movq %gs:MICA_KPCR_CURRENT_THREAD, \register
        .endm
