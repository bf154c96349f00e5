// Device queues.                         [MSDN KeInsertByKeyDeviceQueue, KeRemoveByKeyDeviceQueue]
#include "support.hpp"

#include <initializer_list>

using namespace mica::test;

namespace {

struct Queue {
  KDEVICE_QUEUE queue;
  KDEVICE_QUEUE_ENTRY entries[5]{};

  Queue() noexcept { KeInitializeDeviceQueue(&queue); }
  BOOLEAN insert(int entry) noexcept { return KeInsertDeviceQueue(&queue, &entries[entry]); }
  BOOLEAN insert(int entry, ULONG key) noexcept {
    return KeInsertByKeyDeviceQueue(&queue, &entries[entry], key);
  }
  // Which entry: -1 for none.
  int number(KDEVICE_QUEUE_ENTRY const* entry) const noexcept {
    return entry == nullptr ? -1 : static_cast<int>(entry - entries);
  }
  int remove() noexcept { return number(KeRemoveDeviceQueue(&queue)); }
  int remove(ULONG key) noexcept { return number(KeRemoveByKeyDeviceQueue(&queue, key)); }
};

}  // namespace

MICA_CASE("Ke: a device queue begins idle and empty") {
  Queue all;
  MICA_CHECK(all.queue.Type == 20 && all.queue.Size == sizeof all.queue);
  MICA_CHECK(all.queue.Busy == FALSE && all.queue.Lock == 0);
  MICA_CHECK(all.queue.DeviceListHead.Flink == &all.queue.DeviceListHead);
  MICA_CHECK(all.remove() == -1);
  MICA_CHECK(KeRemoveByKeyDeviceQueueIfBusy(&all.queue, 0) == nullptr);
  MICA_CHECK(all.queue.Busy == FALSE);
}

MICA_CASE("Ke: the first entry makes a device queue busy, later ones wait in order") {
  Queue all;
  MICA_CHECK(all.insert(0) == FALSE);
  MICA_CHECK(all.queue.Busy == TRUE && all.entries[0].Inserted == FALSE);
  MICA_CHECK(all.insert(1) == TRUE && all.insert(2) == TRUE);
  MICA_CHECK(all.entries[1].Inserted == TRUE && all.entries[2].Inserted == TRUE);
  MICA_CHECK(all.remove() == 1);
  MICA_CHECK(all.entries[1].Inserted == FALSE);
  MICA_CHECK(all.remove() == 2);
  MICA_CHECK(all.queue.Busy == TRUE);
  MICA_CHECK(all.remove() == -1);
  MICA_CHECK(all.queue.Busy == FALSE);
  MICA_CHECK(all.insert(3) == FALSE);
}

MICA_CASE("Ke: entries inserted by key stand in the order of their keys, equal ones as they came") {
  Queue all;
  MICA_CHECK(all.insert(0, 9) == FALSE);
  MICA_CHECK(all.entries[0].SortKey == 9);
  MICA_CHECK(all.insert(1, 20) == TRUE && all.insert(2, 10) == TRUE);
  MICA_CHECK(all.insert(3, 20) == TRUE && all.insert(4, 15) == TRUE);
  for (int const expected : {2, 4, 1, 3, -1}) MICA_CHECK(all.remove() == expected);
}

MICA_CASE("Ke: an entry is removed by the first key that is not less, else the first is") {
  Queue all;
  static_cast<void>(all.insert(0));
  static_cast<void>(all.insert(1, 10));
  static_cast<void>(all.insert(2, 20));
  static_cast<void>(all.insert(3, 30));
  MICA_CHECK(all.remove(20) == 2);
  MICA_CHECK(all.remove(11) == 3);
  static_cast<void>(all.insert(4, 5));
  MICA_CHECK(all.remove(31) == 4);
  MICA_CHECK(all.number(KeRemoveByKeyDeviceQueueIfBusy(&all.queue, 3)) == 1);
  MICA_CHECK(all.queue.Busy == TRUE);
  MICA_CHECK(all.remove(0) == -1);
  MICA_CHECK(all.queue.Busy == FALSE);
}

MICA_CASE("Ke: one entry is taken out of a device queue, once") {
  Queue all;
  for (int i = 0; i < 4; ++i) static_cast<void>(all.insert(i));
  MICA_CHECK(KeRemoveEntryDeviceQueue(&all.queue, &all.entries[0]) == FALSE);
  MICA_CHECK(KeRemoveEntryDeviceQueue(&all.queue, &all.entries[2]) == TRUE);
  MICA_CHECK(KeRemoveEntryDeviceQueue(&all.queue, &all.entries[2]) == FALSE);
  MICA_CHECK(all.queue.Busy == TRUE);
  for (int const expected : {1, 3, -1}) MICA_CHECK(all.remove() == expected);
}

MICA_CASE("Ke: device queues leave the level as it was") {
  Queue all;
  KIRQL const old = KeRaiseIrqlToDpcLevel();
  static_cast<void>(all.insert(0));
  static_cast<void>(all.insert(1, 1));
  MICA_CHECK(all.remove() == 1);
  MICA_CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL);
  KeLowerIrql(old);
  static_cast<void>(all.insert(2));
  MICA_CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
}

MICA_CASE("Ke: device queues above DISPATCH_LEVEL stop") {
  Queue all;
  auto at_high = [&all](auto call) {
    Bugcheck const end = bugcheck_of([&] {
      static_cast<void>(KfRaiseIrql(HIGH_LEVEL));
      call();
    });
    MICA_CHECK(end.happened && end.code == IRQL_NOT_LESS_OR_EQUAL);
    MICA_CHECK(end.parameters[0] == reinterpret_cast<ULONG_PTR>(&all.queue) &&
               end.parameters[1] == HIGH_LEVEL);
  };
  at_high([&] { all.insert(0); });
  at_high([&] { all.insert(0, 1); });
  at_high([&] { all.remove(); });
  at_high([&] { all.remove(1); });
  at_high([&] { KeRemoveByKeyDeviceQueueIfBusy(&all.queue, 1); });
  at_high([&] { KeRemoveEntryDeviceQueue(&all.queue, &all.entries[0]); });
}
