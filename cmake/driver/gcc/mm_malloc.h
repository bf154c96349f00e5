/* For drivers that gcc compiles: its header of vector instructions includes this, for memory of the
   C library, of which a driver has none. */
#pragma once
