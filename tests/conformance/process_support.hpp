// What cases of processes share. Nothing of the NT interface makes a process yet.
#pragma once

#include "busy.hpp"

#include <nt/ps.h>
#include <nt/zw.h>

#include "ke/object_lock.hpp"
#include "ps/process.hpp"

namespace mica::test {

// Waits until a thread waits for it.
inline void until_waited_for(KEVENT& event) noexcept {
  until([&event] {
    ke::RaiseToDispatch raised;
    ke::ObjectGuard guard{event.Header};
    return !list_empty(event.Header.WaitListHead);
  });
}

// A process for a scope.
class [[nodiscard]] OwnProcess {
 public:
  explicit OwnProcess(ps::ProcessOptions const& options = {}) noexcept
      : process_{ps::make_process(options)} {
    if (process_ == nullptr) abandon();
  }
  ~OwnProcess() { ObDereferenceObject(process_); }
  OwnProcess(OwnProcess const&) = delete;
  OwnProcess& operator=(OwnProcess const&) = delete;

  [[nodiscard]] PEPROCESS get() const noexcept { return process_; }
  [[nodiscard]] KPROCESS& kernel() const noexcept { return process_->kernel; }

  // Calls body(handle) with a handle of it.
  template <class Body>
  void with_handle(Body body) const noexcept {
    HANDLE handle = nullptr;
    MICA_REQUIRE(ObOpenObjectByPointer(process_, 0, nullptr, PROCESS_ALL_ACCESS, *PsProcessType,
                                       KernelMode, &handle) == STATUS_SUCCESS);
    body(handle);
    MICA_CHECK(ZwClose(handle) == STATUS_SUCCESS);
  }

 private:
  PEPROCESS const process_;
};

// A thread of a process, which calls what outlives it.
class [[nodiscard]] ProcessThread {
 public:
  template <class Callable>
  ProcessThread(OwnProcess const& process, Callable& callable) noexcept {
    process.with_handle([&](HANDLE owner) {
      HANDLE handle = nullptr;
      MICA_REQUIRE(PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, nullptr, owner, &id_,
                                        call<Callable>, &callable) == STATUS_SUCCESS);
      MICA_REQUIRE(ObReferenceObjectByHandle(handle, 0, *PsThreadType, KernelMode, &object_,
                                             nullptr) == STATUS_SUCCESS);
      MICA_CHECK(ZwClose(handle) == STATUS_SUCCESS);
    });
  }
  ~ProcessThread() {
    wait(object_);
    ObDereferenceObject(object_);
  }
  ProcessThread(ProcessThread const&) = delete;
  ProcessThread& operator=(ProcessThread const&) = delete;

  [[nodiscard]] PETHREAD get() const noexcept { return static_cast<PETHREAD>(object_); }
  [[nodiscard]] KTHREAD& kernel() const noexcept { return *static_cast<PKTHREAD>(object_); }
  [[nodiscard]] CLIENT_ID const& id() const noexcept { return id_; }
  [[nodiscard]] bool ended() const noexcept { return poll(object_) == STATUS_SUCCESS; }

 private:
  template <class Callable>
  static void NTAPI call(PVOID callable) {
    (*static_cast<Callable*>(callable))();
  }

  CLIENT_ID id_{};
  PVOID object_ = nullptr;
};

// A thread of a process that waits until the scope ends.
class [[nodiscard]] Waiting {
 public:
  explicit Waiting(OwnProcess const& process) noexcept : thread_{process, body_} {}
  ~Waiting() { over_.set(); }

  [[nodiscard]] KTHREAD& kernel() const noexcept { return thread_.kernel(); }
  [[nodiscard]] KPRIORITY priority() const noexcept { return KeQueryPriorityThread(&kernel()); }
  void raise(LONG increment) noexcept {
    static_cast<void>(KeSetBasePriorityThread(&kernel(), increment));
  }

 private:
  struct Body {
    Waiting* self;
    void operator()() const noexcept { wait(&self->over_.event); }
  };

  Body body_{this};
  OwnEvent over_;
  ProcessThread thread_;
};

}  // namespace mica::test
