/* For code in assembly: what Machine::current_thread() says. */
#pragma once

#include "ldr/import_stub.h"

        .macro LOAD_CURRENT_THREAD register
        movq _ZN4mica7Machine17current_processorE@gottpoff(%rip), \register
        movq %fs:(\register), \register
        movq MICA_KPCR_CURRENT_THREAD(\register), \register
        .endm
