// What drivers of the Windows Driver Model include: everything there is.
#pragma once

#include <nt/cm.h>
#include <nt/ex.h>
#include <nt/io.h>
#include <nt/ke.h>
#include <nt/mm.h>
#include <nt/ob.h>
#include <nt/ob/callback.h>
#include <nt/ps.h>
#include <nt/rtl.h>
#include <nt/se.h>
#include <nt/tm.h>
#include <nt/zw.h>

#ifdef _WIN32
#include <nt/wdk.h>
#endif
