// What callbacks are told of one handle that is made.            [MSDN ObjectPreCallback,
//                                                                 ObjectPostCallback]
//   IRQL <= APC_LEVEL, without a lock. The object stays for as long as this does.
#pragma once

#include "ob/callback.hpp"
#include "ob/header.hpp"

namespace mica::ob {

// Where a duplicate comes from and goes to.
struct Transfer {
  void* source;  // process objects
  void* target;
};

struct HandleOperation {
  Header& object;
  bool kernel_handle;
  Transfer const* duplicated;  // null: the handle is a new one
};

class [[nodiscard]] HandleNotice {
 public:
  explicit HandleNotice(HandleOperation const& operation) noexcept;
  HandleNotice(HandleNotice const&) = delete;
  HandleNotice& operator=(HandleNotice const&) = delete;
  ~HandleNotice();

  // Before: *access is what is asked for, and then what is left of it.
  // STATUS_INSUFFICIENT_RESOURCES: nobody was told.
  [[nodiscard]] NTSTATUS before(ACCESS_MASK* access) noexcept;
  // After: how it ended, and what was granted.
  void after(NTSTATUS status, ACCESS_MASK granted) noexcept;

 private:
  // Who is told, the highest first.
  struct Recipient {
    Registration* registration;  // in use
    Watch const* watch;
    void* call_context;
  };
  [[nodiscard]] bool concerns(Watch const& watch) const noexcept;
  [[nodiscard]] ULONG count_watches(Callbacks& callbacks) const noexcept
      MICA_REQUIRES(callbacks.lock);
  [[nodiscard]] bool NTAPI gather(Callbacks& callbacks) noexcept;
  void tell_before(Recipient& recipient, ACCESS_MASK original, ACCESS_MASK* access) noexcept;

  HandleOperation const operation_;
  OB_OPERATION const what_;
  Reference const object_;
  Recipient* recipients_ = nullptr;
  ULONG count_ = 0;  // of recipients
};

}  // namespace mica::ob
