// Q4: of a KQUEUE that is run down while its threads come, go or turn to another.
#include "rig.hpp"

using namespace mica::explore;

namespace {

PLIST_ENTRY remove(KQUEUE& queue) noexcept {
  return KeRemoveQueue(&queue, KernelMode, nullptr);
}

bool tells_of_rundown(PLIST_ENTRY answer) noexcept {
  return answer == reinterpret_cast<PLIST_ENTRY>(static_cast<ULONG_PTR>(STATUS_ABANDONED));
}

}  // namespace

// The thread turns when the rundown has begun: an entry that is left over tells.
MICA_EXPLORE("Q4-turns", "Q4: a thread is in another queue only once its own lets it go",
             .processors = 2, .bound = 1, .memory = MemoryModel::cxx20) {
  alignas(KQUEUE) unsigned char memory[sizeof(KQUEUE)];
  auto& first = *reinterpret_cast<KQUEUE*>(memory);
  KQUEUE second;
  KeInitializeQueue(&first, 1);
  KeInitializeQueue(&second, 1);
  LIST_ENTRY entries[3];
  KeInsertQueue(&first, &entries[0]);
  KeInsertQueue(&first, &entries[1]);
  KeInsertQueue(&second, &entries[2]);
  std::atomic<int> has{0}, turns{0};
  auto worker = [&] {
    std::atomic_ref<LONG> const left{first.Header.SignalState};
    MICA_CHECK(remove(first) == &entries[0]);
    has = 1;
    do mica::Machine::await(left, 1);
    while (left.load(std::memory_order_relaxed) == 1);
    turns = 1;
    MICA_CHECK(remove(second) == &entries[2]);
  };
  auto owner = [&] {
    spin_while(has, 0);
    MICA_CHECK(KeRundownQueue(&first) == &entries[1]);
    MICA_CHECK(tells_of_rundown(remove(first)));
    spin_while(turns, 0);
    for (unsigned char& byte : memory) byte = 0xA5;
  };
  Team team{window};
  meet(team, worker, owner);
  for (unsigned char const byte : memory) MICA_CHECK(byte == 0xA5);
  MICA_CHECK(second.ThreadListHead.Flink == &second.ThreadListHead);
  MICA_CHECK(second.CurrentCount == 0);
}

MICA_EXPLORE("Q4-begins", "Q4: a wait that begins when its queue is run down is told so",
             .processors = 2, .bound = 1) {
  KQUEUE queue;
  KeInitializeQueue(&queue, 1);
  auto taker = [&] { MICA_CHECK(tells_of_rundown(remove(queue))); };
  auto owner = [&] { MICA_CHECK(KeRundownQueue(&queue) == nullptr); };
  Team team{window};
  meet(team, taker, owner);
  MICA_CHECK(queue.Header.WaitListHead.Flink == &queue.Header.WaitListHead);
}
