// The kernel: IRQL, spin locks, dispatcher objects, threads, DPCs, time, bugchecks.
#pragma once

#include <nt/ke/apc.h>
#include <nt/ke/bugcheck.h>
#include <nt/ke/device_queue.h>
#include <nt/ke/dispatcher.h>
#include <nt/ke/dpc.h>
#include <nt/ke/extended_state.h>
#include <nt/ke/fast_mutex.h>
#include <nt/ke/floating_point.h>
#include <nt/ke/interrupt.h>
#include <nt/ke/irql.h>
#include <nt/ke/process.h>
#include <nt/ke/processor.h>
#include <nt/ke/processor_change.h>
#include <nt/ke/queue.h>
#include <nt/ke/sync.h>
#include <nt/ke/thread.h>
#include <nt/ke/time.h>
#include <nt/ntstatus.h>
