// What legacy drivers include: everything there is.
#pragma once

#include <nt/wdm.h>
