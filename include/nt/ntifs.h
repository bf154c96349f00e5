// What file system drivers include: everything there is.
#pragma once

#include <nt/fsrtl.h>
#include <nt/ntddk.h>
