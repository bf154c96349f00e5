// The public structures have the layouts that drivers were compiled against: sizes and offsets,
// pinned.
//   tests/abi compares the same list with the DDK headers of mingw-w64.
#include <nt/ntifs.h>
#include <nt/ntimage.h>

#define LAYOUT_SIZE(type, bytes) static_assert(sizeof(type) == (bytes));
#define LAYOUT_FIELD(type, field, bytes) static_assert(offsetof(type, field) == (bytes));
#define LAYOUT_OWN_SIZE LAYOUT_SIZE
#define LAYOUT_OWN_FIELD LAYOUT_FIELD

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
