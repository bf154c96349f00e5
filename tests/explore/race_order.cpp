// The race detector: what memory orders order, and what counts as an access.
#include <cstring>

#include "races.hpp"

using namespace mica::explore;

namespace {

// One thread writes and says so; another takes it from there.
template <class Say, class Hear>
void hand_over(Window& window, Say say, Hear hear) {
  int data = 0, seen = 0;
  std::atomic<int> flag{0};
  auto writer = [&] {
    data = 1;
    say(flag);
  };
  auto reader = [&] {
    do mica::Machine::await(flag, 0);
    while (flag.load(std::memory_order_relaxed) == 0);
    hear(flag);
    seen = data;
  };
  Team team{window};
  meet(team, writer, reader);
  MICA_CHECK(seen == 1);
}

void say_relaxed(std::atomic<int>& flag) {
  flag.store(1, std::memory_order_relaxed);
}
void say_released(std::atomic<int>& flag) {
  flag.store(1, std::memory_order_release);
}
void hear_nothing(std::atomic<int>&) {}
void hear_acquired(std::atomic<int>& flag) {
  static_cast<void>(flag.load(std::memory_order_acquire));
}

// Who hears of the data is interrupted by a DPC that was asked for before, and which writes them.
void interrupt_the_hearer(Window& window) {
  static int data;
  std::atomic<int> flag{0};
  KDPC dpc;
  KeInitializeDpc(&dpc, [](KDPC*, PVOID, PVOID, PVOID) NTAPI { ++data; }, nullptr);
  auto writer = [&] {
    data = 1;
    say_released(flag);
  };
  auto reader = [&] {
    KIRQL const old = KeRaiseIrqlToDpcLevel();
    KeInsertQueueDpc(&dpc, nullptr, nullptr);
    spin_while(flag, 0);
    KeLowerIrql(old);
  };
  Team team{window};
  meet(team, writer, reader);
  MICA_CHECK(data == 2);
}

}  // namespace

TEST_CASE("Race: an interrupt knows what those whom it interrupts have learnt") {
  check_none(tried(2, interrupt_the_hearer));
}

TEST_CASE("Race: a release orders for who acquires it, and nothing weaker does") {
  check_none(tried(2, [](Window& window) { hand_over(window, say_released, hear_acquired); }));
  check_found(tried(2, [](Window& window) { hand_over(window, say_relaxed, hear_acquired); }), 10);
  check_found(tried(2, [](Window& window) { hand_over(window, say_released, hear_nothing); }), 10);
}

TEST_CASE("Race: fences order what relaxed operations carry") {
  check_none(tried(2, [](Window& window) {
    hand_over(
        window,
        [](std::atomic<int>& flag) {
          std::atomic_thread_fence(std::memory_order_release);
          flag.store(1, std::memory_order_relaxed);
        },
        [](std::atomic<int>&) { std::atomic_thread_fence(std::memory_order_acquire); });
  }));
  check_found(tried(2,
                    [](Window& window) {
                      hand_over(window, say_relaxed, [](std::atomic<int>&) {
                        std::atomic_thread_fence(std::memory_order_acquire);
                      });
                    }),
              10);
}

TEST_CASE("Race: a release sequence goes on through relaxed updates and ends at a store") {
  check_none(tried(2, [](Window& window) {
    hand_over(
        window,
        [](std::atomic<int>& flag) {
          flag.store(-1, std::memory_order_release);
          flag.fetch_add(2, std::memory_order_relaxed);
        },
        hear_acquired);
  }));
  check_found(tried(2,
                    [](Window& window) {
                      hand_over(
                          window,
                          [](std::atomic<int>& flag) {
                            flag.store(0, std::memory_order_release);
                            flag.store(1, std::memory_order_relaxed);
                          },
                          hear_acquired);
                    }),
              10);
}

namespace {

// A word is made plainly and stored to. Who reads that store finds the making before it only if the
// load acquires; the flag orders nothing.
void make_word(Window& window, std::memory_order looking, bool adds) {
  alignas(std::atomic<int>) unsigned char bytes[sizeof(std::atomic<int>)];
  auto& word = reinterpret_cast<std::atomic<int>&>(bytes);
  std::atomic<int> flag{0};
  int seen = 0;
  auto maker = [&] {
    std::memset(bytes, 0, sizeof bytes);
    word.store(1, std::memory_order_release);
    flag.store(1, std::memory_order_relaxed);
  };
  auto reader = [&] {
    do mica::Machine::await(flag, 0);
    while (flag.load(std::memory_order_relaxed) == 0);
    seen = adds ? word.fetch_add(1, looking) : word.load(looking);
  };
  Team team{window};
  meet(team, maker, reader);
  MICA_CHECK(seen == 1);
}

}  // namespace

TEST_CASE("Race: who acquires what a word holds comes after the word was made") {
  check_none(tried(2, [](Window& window) { make_word(window, std::memory_order_acquire, false); }));
  check_none(tried(2, [](Window& window) { make_word(window, std::memory_order_acquire, true); }));
  check_found(tried(2, [](Window& window) { make_word(window, std::memory_order_relaxed, false); }),
              10);
  check_found(tried(2, [](Window& window) { make_word(window, std::memory_order_relaxed, true); }),
              10);
}

TEST_CASE("Race: blocks of memory are accesses, volatile ones are no races") {
  check_found(tried(2,
                    [](Window& window) {
                      char block[64] = {}, other[64] = {};
                      auto clear = [&] { std::memset(block, 0, sizeof block); };
                      auto copy = [&] { std::memcpy(other, block + 32, 24); };
                      Team team{window};
                      team.add(clear, {.processor = 0});
                      team.add(copy, {.processor = 1});
                      team.run();
                    }),
              10);
  check_none(tried(2, [](Window& window) {
    int volatile word = 0;
    twice(
        window, [&] { word = 1; }, 0, 1);
  }));
  check_none(tried(2, [](Window& window) {
    char bytes[8] = {};
    std::atomic<int> next{0};
    twice(
        window, [&] { bytes[next++] = 1; }, 0, 1);
  }));
}
