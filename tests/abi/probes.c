// The layout list as constant data in an object file: nothing is run, so a foreign target's
// compiler
// can say what it thinks. compare.py compiles it against include/nt and against the DDK headers of
// mingw-w64, with a table of all constants of include/nt, and finds the records by their mark.
#ifdef ABI_DDK
#include <ntifs.h>
#include <ntddk.h>
#include <ntimage.h>
#else
#include <nt/ntifs.h>
#include <nt/ntimage.h>
#endif

#include <stddef.h>

struct Probe {
  char name[92];
  unsigned value;  // the low 32 bits
};

#define PROBE(name, value) {"->" name, (unsigned)(value)},
#define LAYOUT_SIZE(type, bytes) PROBE("sizeof " #type, sizeof(type))
#define LAYOUT_FIELD(type, field, bytes) \
  PROBE("offsetof " #type " " #field, offsetof(type, field))
#define LAYOUT_OWN_SIZE(type, bytes)
#define LAYOUT_OWN_FIELD(type, field, bytes)
#define CONSTANT(name) PROBE("value " #name, name)

struct Probe const probes[] = {
#include "abi/layout/base.inc"
#include "abi/layout/cm.inc"
#include "abi/layout/ex.inc"
#include "abi/layout/ex_lists.inc"
#include "abi/layout/exception.inc"
#include "abi/layout/image.inc"
#include "abi/layout/io.inc"
#include "abi/layout/ke.inc"
#include "abi/layout/ob.inc"
#include "abi/layout/pnp.inc"
#include "abi/layout/processor.inc"
#include "abi/layout/se.inc"
#include "abi/layout/tm.inc"
#include ABI_CONSTANTS
};
