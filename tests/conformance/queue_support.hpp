// What cases of queues share.
#pragma once

#include "support.hpp"

#include <atomic>

namespace mica::test {

inline constexpr ULONG plenty = 100;

[[nodiscard]] inline PLIST_ENTRY status_entry(NTSTATUS status) noexcept {
  return reinterpret_cast<PLIST_ENTRY>(static_cast<ULONG_PTR>(status));
}

inline PLIST_ENTRY remove(KQUEUE& queue) noexcept {
  return KeRemoveQueue(&queue, KernelMode, nullptr);
}

inline PLIST_ENTRY poll(KQUEUE& queue) noexcept {
  LARGE_INTEGER now = relative(0);
  return KeRemoveQueue(&queue, KernelMode, &now);
}

// Takes one entry, notes which, and does what it was told to before it ends.
class Worker {
 public:
  explicit Worker(KQUEUE& queue, int processor) noexcept : queue_{queue} {
    KeInitializeEvent(&go_on_, NotificationEvent, FALSE);
    thread_ = start(body_, {.processor = processor});
  }
  ~Worker() {
    KeSetEvent(&go_on_, 0, FALSE);
    join(thread_);
  }
  Worker(Worker const&) = delete;
  Worker& operator=(Worker const&) = delete;

  void settle() noexcept { until_waiting(thread_); }
  void go_on() noexcept { KeSetEvent(&go_on_, 0, FALSE); }
  [[nodiscard]] PLIST_ENTRY taken() const noexcept { return taken_; }

 private:
  struct Body {
    Worker* self;
    void operator()() const noexcept {
      self->taken_ = remove(self->queue_);
      wait(&self->go_on_);
    }
  };

  KQUEUE& queue_;
  Body body_{this};
  KEVENT go_on_;
  std::atomic<PLIST_ENTRY> taken_{nullptr};
  mica::test::Thread* thread_;
};

}  // namespace mica::test
