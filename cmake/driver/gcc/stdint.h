/* For drivers that gcc compiles: its own header leaves this to the C library of programs where
   there may be one.                                                               [C17 7.20] */
#pragma once

#include <stdint-gcc.h>
