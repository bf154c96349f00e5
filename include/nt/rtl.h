// The run-time library: memory, lists, tables, characters, strings, bitmaps; the debugger's
// console; exceptions.
//   Nothing here waits, takes a lock or keeps state. Any IRQL, unless a routine says otherwise; the
//   memory it is given must be resident at DISPATCH_LEVEL and above.
#pragma once

#include <nt/rtl/bitmap.h>
#include <nt/rtl/code_page.h>
#include <nt/rtl/debug.h>
#include <nt/rtl/exception.h>
#include <nt/rtl/guid.h>
#include <nt/rtl/list.h>
#include <nt/rtl/memory.h>
#include <nt/rtl/print.h>
#include <nt/rtl/registry.h>
#include <nt/rtl/string.h>
#include <nt/rtl/table.h>
#include <nt/rtl/time.h>
#include <nt/rtl/version.h>
