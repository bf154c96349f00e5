// Queues that are run down, and misused.                    [MSDN KeRundownQueue, KeRemoveQueue]
#include "queue_support.hpp"

using namespace mica::test;

MICA_CASE("Ke: KeRundownQueue returns the entries in a circle") {
  KQUEUE queue;
  LIST_ENTRY entries[3];
  KeInitializeQueue(&queue, 1);
  MICA_CHECK(KeRundownQueue(&queue) == nullptr);
  KeInitializeQueue(&queue, 1);
  for (LIST_ENTRY& entry : entries) KeInsertQueue(&queue, &entry);
  PLIST_ENTRY const first = KeRundownQueue(&queue);
  MICA_CHECK(first == &entries[0]);
  for (int i = 0; i < 3; ++i) {
    MICA_CHECK(entries[i].Flink == &entries[(i + 1) % 3]);
    MICA_CHECK(entries[(i + 1) % 3].Blink == &entries[i]);
  }
  MICA_CHECK(KeReadStateQueue(&queue) == 0);
  MICA_CHECK(KeRundownQueue(&queue) == nullptr);
}

MICA_CASE("Ke: who waits for a queue that is run down, or comes later, is told so") {
  KQUEUE queue;
  KeInitializeQueue(&queue, 1);
  {
    Worker first{queue, 0}, second{queue, 1};
    first.settle();
    second.settle();
    KeRundownQueue(&queue);
    until([&] { return first.taken() != nullptr && second.taken() != nullptr; });
    MICA_CHECK(first.taken() == status_entry(STATUS_ABANDONED));
    MICA_CHECK(second.taken() == status_entry(STATUS_ABANDONED));
  }
  MICA_CHECK(remove(queue) == status_entry(STATUS_ABANDONED));
  MICA_CHECK(queue.CurrentCount == 0);
  MICA_CHECK(queue.ThreadListHead.Flink == &queue.ThreadListHead);
}

MICA_CASE("Ke: who turns to a queue that was run down has left its own") {
  KQUEUE queue, other;
  LIST_ENTRY entries[2];
  KeInitializeQueue(&queue, 1);
  KeInitializeQueue(&other, 1);
  KeRundownQueue(&other);
  for (LIST_ENTRY& entry : entries) {
    KeInsertQueue(&queue, &entry);
    MICA_CHECK(remove(queue) == &entry);
    MICA_CHECK(queue.CurrentCount == 1);
    MICA_CHECK(remove(other) == status_entry(STATUS_ABANDONED));
    MICA_CHECK(queue.CurrentCount == 0);
    MICA_CHECK(queue.ThreadListHead.Flink == &queue.ThreadListHead);
  }
  KeRundownQueue(&queue);
}

MICA_CASE("Ke: a thread of a queue that was run down touches it no more") {
  alignas(KQUEUE) unsigned char memory[sizeof(KQUEUE)];
  auto& queue = *reinterpret_cast<KQUEUE*>(memory);
  KeInitializeQueue(&queue, 1);
  LIST_ENTRY entry;
  KEVENT go_on;
  KeInitializeEvent(&go_on, NotificationEvent, FALSE);
  std::atomic<bool> took{false};
  auto body = [&] {
    MICA_CHECK(remove(queue) == &entry);
    took = true;
    wait(&go_on);
    sleep(millisecond_100ns);
  };
  auto* const thread = start(body, {.processor = 1});
  KeInsertQueue(&queue, &entry);
  until([&] { return took.load(); });
  until_waiting(thread);
  KeRundownQueue(&queue);
  for (unsigned char& byte : memory) byte = 0xA5;
  KeSetEvent(&go_on, 0, FALSE);
  join(thread);
  for (unsigned char const byte : memory) MICA_CHECK(byte == 0xA5);
}

MICA_CASE("Ke: waiting for a queue at DISPATCH_LEVEL is bugcheck C4, 3B, polling it is not") {
  KQUEUE queue;
  KeInitializeQueue(&queue, 1);
  KIRQL const old = KeRaiseIrqlToDpcLevel();
  PLIST_ENTRY const none = poll(queue);
  KeLowerIrql(old);
  MICA_CHECK(none == status_entry(STATUS_TIMEOUT));
  auto const end = bugcheck_of([&] {
    static_cast<void>(KeRaiseIrqlToDpcLevel());
    remove(queue);
  });
  MICA_CHECK(end.happened && end.code == DRIVER_VERIFIER_DETECTED_VIOLATION);
  MICA_CHECK(end.parameters[0] == 0x3B && end.parameters[1] == DISPATCH_LEVEL);
  MICA_CHECK(end.parameters[2] == reinterpret_cast<ULONG_PTR>(&queue));
  auto const rundown = bugcheck_of([&] {
    static_cast<void>(KfRaiseIrql(HIGH_LEVEL));
    KeRundownQueue(&queue);
  });
  MICA_CHECK(rundown.happened && rundown.code == IRQL_NOT_LESS_OR_EQUAL);
  KeRundownQueue(&queue);
}
