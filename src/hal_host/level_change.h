/* Where things stand for level_change.S, which level_change.cpp compares with what the compiler
 * says. */
#pragma once

/* Of a Machine::Processor. */
#define MICA_PROCESSOR_COUNTDOWN 416
#define MICA_PROCESSOR_PENDING 420
#define MICA_PROCESSOR_LEVEL 428

/* Of a Patch (patch_area.hpp): how it is aligned; where its driver goes on. */
#define MICA_PATCH_BYTES 256
#define MICA_PATCH_NEXT 216

/* In a patch: how far behind the call of these routines it goes on when the level is none. */
#define MICA_PATCH_REFUSED 5
