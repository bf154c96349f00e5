// What callbacks are told of one operation.                       [MSDN "Handling Notifications"]
//   IRQL PASSIVE_LEVEL, without the lock of the tree.
#pragma once

#include "cm/callback.hpp"
#include "cm/key.hpp"
#include "cm/state.hpp"

namespace mica::cm {

struct Classes {
  REG_NOTIFY_CLASS before, after;
};

// The structure of the pre-notification, and what of it each routine has of its own.
struct Information {
  void* all;
  void** call_context;
  void** object_context;
};

class [[nodiscard]] Notice {
 public:
  Notice(Classes classes, Information const& information) noexcept
      : classes_{classes}, information_{information} {}
  Notice(Notice const&) = delete;
  Notice& operator=(Notice const&) = delete;
  ~Notice();

  // STATUS_SUCCESS: the operation is to be done. Else it is over, with STATUS_SUCCESS if this is
  // STATUS_CALLBACK_BYPASS. `key` has the contexts.
  [[nodiscard]] NTSTATUS before(Key& key) noexcept;
  // How it ends. `key`: on which it was done; null if an open failed.
  [[nodiscard]] NTSTATUS after(NTSTATUS status, Key* key) noexcept;

 private:
  // Who is told, the highest first.
  struct Recipient {
    Registration* registration;  // referenced
    void* call_context;
    bool told;
  };
  [[nodiscard]] bool NTAPI gather(Callbacks& callbacks) noexcept;
  void choose(Recipient const& recipient, Key* key) noexcept;

  Classes const classes_;
  Information const information_;
  Recipient* recipients_ = nullptr;
  ULONG count_ = 0;  // of recipients
  ULONG heard_ = 0;  // of them, from the highest on, hear the end
};

// Does the operation, and tells of it.
template <class Structure, class Operation>
[[nodiscard]] NTSTATUS notified(Key& key, Classes classes, Structure& information,
                                Operation operation) noexcept {
  if (state().callbacks.count.load(std::memory_order_relaxed) == 0) return operation();
  Notice notice{classes, {&information, &information.CallContext, &information.ObjectContext}};
  NTSTATUS status = notice.before(key);
  if (status == STATUS_SUCCESS)
    status = operation();
  else if (status == STATUS_CALLBACK_BYPASS)
    status = STATUS_SUCCESS;
  return notice.after(status, &key);
}

}  // namespace mica::cm
