// What only drivers' sources say; wdm.h includes it where a driver is compiled.
#pragma once

#include <nt/devioctl.h>
#include <nt/excpt.h>
#include <nt/guiddef.h>
#include <nt/wdk/assert.h>
#include <nt/wdk/former_names.h>
#include <nt/wdk/identifiers.h>
#include <nt/wdk/interlocked.h>
#include <nt/wdk/intrinsics.h>
#include <nt/wdk/pool.h>
#include <nt/wdk/privileged.h>
#include <nt/wdk/types.h>
#include <nt/wdk/values.h>
