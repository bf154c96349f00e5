// KQUEUE.                                      [MSDN KeInsertQueue, KeRemoveQueue, KeRundownQueue]
#include "busy.hpp"
#include "queue_support.hpp"

#include <nt/ps.h>

using namespace mica::test;

MICA_CASE("Ke: a queue begins empty, with as many workers as it is told, or as processors") {
  KQUEUE queue;
  KeInitializeQueue(&queue, 3);
  MICA_CHECK(queue.MaximumCount == 3 && queue.CurrentCount == 0);
  MICA_CHECK((queue.Header.Type & 0x7F) == 4 && queue.Header.Size == sizeof queue / 4);
  MICA_CHECK(KeReadStateQueue(&queue) == 0);
  MICA_CHECK(poll(queue) == status_entry(STATUS_TIMEOUT));
  KeRundownQueue(&queue);
  KeInitializeQueue(&queue, 0);
  MICA_CHECK(queue.MaximumCount == KeQueryActiveProcessorCount(nullptr));
}

MICA_CASE("Ke: a queue gives its entries in order, those inserted at its head first") {
  KQUEUE queue;
  LIST_ENTRY entries[3];
  KeInitializeQueue(&queue, 1);
  MICA_CHECK(KeInsertQueue(&queue, &entries[0]) == 0);
  MICA_CHECK(KeInsertQueue(&queue, &entries[1]) == 1);
  MICA_CHECK(KeInsertHeadQueue(&queue, &entries[2]) == 2);
  MICA_CHECK(KeReadStateQueue(&queue) == 3);
  for (int const expected : {2, 0, 1}) MICA_CHECK(remove(queue) == &entries[expected]);
  MICA_CHECK(queue.CurrentCount == 1);
  MICA_CHECK(KeReadStateQueue(&queue) == 0);
  MICA_CHECK(poll(queue) == status_entry(STATUS_TIMEOUT));
  MICA_CHECK(queue.CurrentCount == 1);
  MICA_CHECK(KeRundownQueue(&queue) == nullptr);
}

MICA_CASE("Ke: a queue wakes the thread that began to wait last") {
  KQUEUE queue;
  LIST_ENTRY entries[3];
  KeInitializeQueue(&queue, plenty);
  {
    Worker first{queue, 0};
    first.settle();
    Worker second{queue, 1};
    second.settle();
    Worker third{queue, 0};
    third.settle();
    MICA_CHECK(queue.CurrentCount == 0);
    Worker* const order[] = {&third, &second, &first};
    for (int i = 0; i < 3; ++i) {
      MICA_CHECK(KeInsertQueue(&queue, &entries[i]) == 0);
      until([&] { return order[i]->taken() != nullptr; });
      MICA_CHECK(order[i]->taken() == &entries[i]);
      for (int j = i + 1; j < 3; ++j) MICA_CHECK(order[j]->taken() == nullptr);
    }
  }
  KeRundownQueue(&queue);
}

MICA_CASE("Ke: a worker that waits for something else lets another work, one that works does not") {
  KQUEUE queue;
  LIST_ENTRY entries[2];
  KeInitializeQueue(&queue, 1);
  std::atomic<bool> spins{true};
  std::atomic<int> taken{0};
  KEVENT event;
  KeInitializeEvent(&event, NotificationEvent, FALSE);
  auto busy = [&] {
    MICA_CHECK(remove(queue) == &entries[0]);
    ++taken;
    while (spins) KeStallExecutionProcessor(10);
    wait(&event);
  };
  auto idle = [&] {
    MICA_CHECK(remove(queue) == &entries[1]);
    ++taken;
    KeSetEvent(&event, 0, FALSE);
  };
  auto* const later = start(idle, {.processor = 2});
  until_waiting(later);
  auto* const first = start(busy, {.processor = 1});
  until_waiting(first);
  KeInsertQueue(&queue, &entries[0]);
  until([&] { return taken > 0; });
  MICA_CHECK(KeInsertQueue(&queue, &entries[1]) == 0);
  sleep(2 * millisecond_100ns);
  MICA_CHECK(taken == 1 && KeReadStateQueue(&queue) == 1 && queue.CurrentCount == 1);
  spins = false;
  join(first);
  join(later);
  MICA_CHECK(taken == 2 && queue.CurrentCount == 0);
  MICA_CHECK(queue.ThreadListHead.Flink == &queue.ThreadListHead);
  KeRundownQueue(&queue);
}

MICA_CASE("Ke: a thread that comes back finds its own entry though the limit is reached") {
  KQUEUE queue;
  LIST_ENTRY entries[2];
  KeInitializeQueue(&queue, 1);
  KeInsertQueue(&queue, &entries[0]);
  KeInsertQueue(&queue, &entries[1]);
  MICA_CHECK(remove(queue) == &entries[0]);
  std::atomic<bool> polled{false};
  auto other = [&] {
    MICA_CHECK(poll(queue) == status_entry(STATUS_TIMEOUT));
    polled = true;
  };
  // Nobody waits meanwhile: this thread works.
  auto* const thread = start(other, {.processor = 1});
  while (!polled) KeStallExecutionProcessor(10);
  MICA_CHECK(remove(queue) == &entries[1]);
  join(thread);
  KeRundownQueue(&queue);
}

MICA_CASE("Ke: a thread that takes from another queue, or ends, lets another work in its place") {
  for (bool const ends : {false, true}) {
    KQUEUE queue, other;
    LIST_ENTRY entries[2], others[1];
    KEVENT leave;
    KeInitializeEvent(&leave, NotificationEvent, FALSE);
    KeInitializeQueue(&queue, 1);
    KeInitializeQueue(&other, 1);
    KeInsertQueue(&other, &others[0]);
    auto leaver = [&] {
      MICA_CHECK(remove(queue) == &entries[0]);
      if (ends) PsTerminateSystemThread(STATUS_SUCCESS);
      MICA_CHECK(remove(other) == &others[0]);
      MICA_CHECK(other.CurrentCount == 1);
      wait(&leave);
    };
    {
      Worker worker{queue, 0};
      worker.settle();
      auto* const thread = start(leaver, {.processor = 1});
      until_waiting(thread);
      KeInsertQueue(&queue, &entries[0]);
      KeInsertQueue(&queue, &entries[1]);
      until([&] { return worker.taken() != nullptr; });
      MICA_CHECK(worker.taken() == &entries[1]);
      KeSetEvent(&leave, 0, FALSE);
      join(thread);
    }
    MICA_CHECK(queue.CurrentCount == 0 && other.CurrentCount == 0);
    KeRundownQueue(&queue);
    KeRundownQueue(&other);
  }
}

MICA_CASE("Ke: KeRemoveQueue waits until its timeout, and counts again") {
  KQUEUE queue;
  KeInitializeQueue(&queue, 1);
  LARGE_INTEGER soon = relative(2 * millisecond_100ns);
  ULONGLONG const before = KeQueryInterruptTime();
  MICA_CHECK(KeRemoveQueue(&queue, KernelMode, &soon) == status_entry(STATUS_TIMEOUT));
  MICA_CHECK(KeQueryInterruptTime() >= before + 2 * millisecond_100ns);
  MICA_CHECK(queue.CurrentCount == 1);
  KeRundownQueue(&queue);
}

MICA_CASE("Ke: KeRemoveQueueEx takes several entries, and does not wait for more than one") {
  KQUEUE queue;
  LIST_ENTRY entries[5];
  PLIST_ENTRY taken[4]{};
  KeInitializeQueue(&queue, 1);
  for (LIST_ENTRY& entry : entries) KeInsertQueue(&queue, &entry);
  MICA_CHECK(KeRemoveQueueEx(&queue, KernelMode, FALSE, nullptr, taken, 4) == 4);
  for (int i = 0; i < 4; ++i) MICA_CHECK(taken[i] == &entries[i]);
  MICA_CHECK(KeReadStateQueue(&queue) == 1 && queue.CurrentCount == 1);
  MICA_CHECK(KeRemoveQueueEx(&queue, KernelMode, FALSE, nullptr, taken, 4) == 1);
  MICA_CHECK(taken[0] == &entries[4]);
  LARGE_INTEGER now = relative(0);
  MICA_CHECK(KeRemoveQueueEx(&queue, KernelMode, FALSE, &now, taken, 4) == 1);
  MICA_CHECK(taken[0] == status_entry(STATUS_TIMEOUT));
  KeRundownQueue(&queue);
}

MICA_CASE("Ke: KeRemoveQueueEx takes nothing when it does not find one that it may have") {
  if (processors() < 2) return;
  KQUEUE queue;
  LIST_ENTRY entries[2];
  PLIST_ENTRY taken[2]{};
  KeInitializeQueue(&queue, 1);
  std::atomic<bool> works{false}, over{false};
  auto worker = [&] {
    remove(queue);
    works = true;
    spin_until(over);
  };
  auto* const thread = start(worker, {.processor = 1});
  for (LIST_ENTRY& entry : entries) KeInsertQueue(&queue, &entry);
  until([&] { return works.load(); });
  LARGE_INTEGER now = relative(0);
  MICA_CHECK(KeRemoveQueueEx(&queue, KernelMode, FALSE, &now, taken, 2) == 1);
  MICA_CHECK(taken[0] == status_entry(STATUS_TIMEOUT) && taken[1] == nullptr);
  MICA_CHECK(KeReadStateQueue(&queue) == 1);
  over = true;
  join(thread);
  KeRundownQueue(&queue);
}

MICA_CASE("Ke: an alert ends KeRemoveQueueEx only if it is alertable") {
  KQUEUE queue;
  PLIST_ENTRY taken[1]{};
  LARGE_INTEGER soon = relative(millisecond_100ns);
  KeInitializeQueue(&queue, 1);
  KeAlertThread(KeGetCurrentThread(), KernelMode);
  MICA_CHECK(KeRemoveQueueEx(&queue, KernelMode, FALSE, &soon, taken, 1) == 1);
  MICA_CHECK(taken[0] == status_entry(STATUS_TIMEOUT));
  MICA_CHECK(KeRemoveQueueEx(&queue, KernelMode, TRUE, &soon, taken, 1) == 1);
  MICA_CHECK(taken[0] == status_entry(STATUS_ALERTED));
  MICA_CHECK(queue.CurrentCount == 1);
  KeRundownQueue(&queue);
}
