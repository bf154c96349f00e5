// What file system drivers include: everything there is.
#pragma once

#include <nt/ntddk.h>
