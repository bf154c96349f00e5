// Timers: one of many is cancelled and set again; and timers that expire and are set again.
//   Pending timers are due between 1000 and 1214 seconds from now, so none expires meanwhile.
#include <event2/event.h>
#include <nt/ntddk.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <vector>

#include "bench.hpp"
#include "floor/wheel.hpp"

namespace mica::bench {
namespace {

constexpr std::uint64_t milliseconds_from = 1'000'000;
constexpr std::uint64_t milliseconds_span = 214'000;

std::uint64_t due_milliseconds(std::uint64_t random) noexcept {
  return milliseconds_from + random % milliseconds_span;
}

// Timers of any kind: cancel(i), set(i, milliseconds from the beginning).
template <class Timers>
void set_and_cancel(benchmark::State& state, Timers& timers) {
  auto const count = static_cast<std::size_t>(state.range(0));
  Random random;
  for (std::size_t i = 0; i < count; ++i) timers.set(i, due_milliseconds(random()));
  for (auto _ : state) {
    std::uint64_t const number = random();
    std::size_t const index = (number >> 40) % count;
    timers.cancel(index);
    timers.set(index, due_milliseconds(number));
  }
  for (std::size_t i = 0; i < count; ++i) timers.cancel(i);
}

class Ours {
 public:
  explicit Ours(std::size_t count) : timers_(count) {
    for (KTIMER& timer : timers_) KeInitializeTimer(&timer);
  }
  void set(std::size_t index, std::uint64_t milliseconds) noexcept {
    LARGE_INTEGER due;
    due.QuadPart = -static_cast<LONGLONG>(milliseconds) * 10'000;
    KeSetTimer(&timers_[index], due, nullptr);
  }
  void cancel(std::size_t index) noexcept { KeCancelTimer(&timers_[index]); }

 private:
  std::vector<KTIMER> timers_;
};

void ours(benchmark::State& state) {
  in_system(state, [&] {
    Ours timers{static_cast<std::size_t>(state.range(0))};
    set_and_cancel(state, timers);
  });
}
BENCHMARK(ours)->Name("timer/set-and-cancel/ours")->RangeMultiplier(10)->Range(1000, 1'000'000);

template <class Timers>
void others(benchmark::State& state) {
  Timers timers{static_cast<std::size_t>(state.range(0))};
  set_and_cancel(state, timers);
}

class Floor {
 public:
  explicit Floor(std::size_t count) : timers_(count) {}
  void set(std::size_t index, std::uint64_t milliseconds) noexcept {
    wheel_.set(timers_[index], milliseconds);
  }
  void cancel(std::size_t index) noexcept { wheel_.cancel(timers_[index]); }

 private:
  floor::Wheel wheel_;
  std::vector<floor::WheelTimer> timers_;
};
BENCHMARK(others<Floor>)
    ->Name("timer/set-and-cancel/floor")
    ->RangeMultiplier(10)
    ->Range(1000, 1'000'000);

// A binary heap that knows where each timer stands; no locks.
class Heap {
 public:
  explicit Heap(std::size_t count) : places_(count) {}
  void set(std::size_t index, std::uint64_t milliseconds) {
    nodes_.push_back({milliseconds, index});
    rise(nodes_.size() - 1);
  }
  void cancel(std::size_t index) noexcept {
    std::size_t const place = places_[index];
    Node const last = nodes_.back();
    nodes_.pop_back();
    if (place == nodes_.size()) return;
    nodes_[place] = last;
    if (place > 0 && last.due < nodes_[(place - 1) / 2].due)
      rise(place);
    else
      sink(place);
  }
  [[nodiscard]] std::uint64_t earliest() const noexcept { return nodes_.front().due; }
  // The earliest, due at `due` from now on.
  void postpone_earliest(std::uint64_t due) noexcept {
    nodes_.front().due = due;
    sink(0);
  }

 private:
  struct Node {
    std::uint64_t due;
    std::size_t index;
  };
  void put(std::size_t place, Node const& node) noexcept {
    nodes_[place] = node;
    places_[node.index] = place;
  }
  void rise(std::size_t place) noexcept {
    Node const node = nodes_[place];
    for (; place > 0 && nodes_[(place - 1) / 2].due > node.due; place = (place - 1) / 2)
      put(place, nodes_[(place - 1) / 2]);
    put(place, node);
  }
  void sink(std::size_t place) noexcept {
    Node const node = nodes_[place];
    for (std::size_t child = 2 * place + 1; child < nodes_.size(); child = 2 * place + 1) {
      if (child + 1 < nodes_.size() && nodes_[child + 1].due < nodes_[child].due) ++child;
      if (nodes_[child].due >= node.due) break;
      put(place, nodes_[child]);
      place = child;
    }
    put(place, node);
  }
  std::vector<Node> nodes_;
  std::vector<std::size_t> places_;
};
BENCHMARK(others<Heap>)
    ->Name("timer/set-and-cancel/peer:binary heap")
    ->RangeMultiplier(10)
    ->Range(1000, 1'000'000);

class Libevent {
 public:
  explicit Libevent(std::size_t count) : base_{event_base_new()}, events_(count) {
    for (event*& timer : events_)
      timer = evtimer_new(
          base_, [](evutil_socket_t, short, void*) {}, nullptr);
  }
  Libevent(Libevent const&) = delete;
  Libevent& operator=(Libevent const&) = delete;
  ~Libevent() {
    for (event* const timer : events_) event_free(timer);
    event_base_free(base_);
  }
  void set(std::size_t index, std::uint64_t milliseconds) noexcept {
    timeval const due{static_cast<time_t>(milliseconds / 1000),
                      static_cast<suseconds_t>(milliseconds % 1000 * 1000)};
    evtimer_add(events_[index], &due);
  }
  void cancel(std::size_t index) noexcept { evtimer_del(events_[index]); }

 private:
  event_base* base_;
  std::vector<event*> events_;
};
BENCHMARK(others<Libevent>)
    ->Name("timer/set-and-cancel/peer:libevent")
    ->RangeMultiplier(10)
    ->Range(1000, 100'000);

class TimerFiles {
 public:
  explicit TimerFiles(std::size_t count) : files_(count) {
    for (int& file : files_) file = timerfd_create(CLOCK_MONOTONIC, 0);
  }
  TimerFiles(TimerFiles const&) = delete;
  TimerFiles& operator=(TimerFiles const&) = delete;
  ~TimerFiles() {
    for (int const file : files_) close(file);
  }
  void set(std::size_t index, std::uint64_t milliseconds) noexcept {
    itimerspec due{};
    due.it_value.tv_sec = static_cast<time_t>(milliseconds / 1000);
    due.it_value.tv_nsec = static_cast<long>(milliseconds % 1000 * 1'000'000);
    timerfd_settime(files_[index], 0, &due, nullptr);
  }
  void cancel(std::size_t index) noexcept {
    itimerspec const never{};
    timerfd_settime(files_[index], 0, &never, nullptr);
  }

 private:
  std::vector<int> files_;
};
BENCHMARK(others<TimerFiles>)->Name("timer/set-and-cancel/peer:timerfd")->Arg(1000);

}  // namespace
}  // namespace mica::bench
