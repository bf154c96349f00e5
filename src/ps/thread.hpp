// The executive's part of a thread: an object of type Thread around the kernel's.
//   Its maker holds a reference through the handle; the running thread holds one that the reaper
//   drops after its last switch.
#pragma once

#include <nt/ps.h>

#include "ke/thread.hpp"
#include "ps/client.hpp"

struct _IRP;

struct _ETHREAD {
  _KTHREAD kernel;  // first: PETHREAD and PKTHREAD are one address
  mica::ps::Client client;
  NTSTATUS exit_status;  // STATUS_PENDING while it runs
  _IRP* top_level_irp;   // io's
  _ETHREAD* next_ended;  // on the reaper's list
  // Its own, at APC_LEVEL: the IRPs that it asked for and that have not ended
  // (io/thread_requests.hpp), and what the next one that ends sets.
  LIST_ENTRY requests;
  std::atomic<ULONG> request_count;  // in it; others look whether there are any
  PKEVENT request_ended;
  bool is_object;  // false: the boot thread, which no object manager made
  bool is_worker;  // calls work items: they must not end it
};
