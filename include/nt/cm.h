// The registry: keys, values, and callbacks on what is done to them. [MSDN wdm.h]
#pragma once

#include <nt/cm/callback.h>
#include <nt/cm/key.h>
