// What stands in DISPATCHER_HEADER::Type, below the lock bit. The numbers are NT's, visible in a
// debugger.  [WI7 p1 ch8]
#pragma once

namespace mica::ke {

enum ObjectType : unsigned char {
  EventNotificationObject = 0,
  EventSynchronizationObject = 1,
  MutantObject = 2,
  ProcessObject = 3,
  QueueObject = 4,
  SemaphoreObject = 5,
  ThreadObject = 6,
  TimerNotificationObject = 8,
  TimerSynchronizationObject = 9,
  // These are no dispatcher header's.
  ApcObject = 18,
  DpcObject = 19,  // KDPC::Type
  DeviceQueueObject = 20,
  ThreadedDpcObject = 24,  // KDPC::Type
};

}  // namespace mica::ke
