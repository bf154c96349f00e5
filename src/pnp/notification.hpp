// Who asked to be told of what plug and play does, and how they are told: by the worker, with
// nothing held, in the order in which they asked.     [MSDN "Using PnP Notification"]
//   Rules
//     A registration stays in State::registrations until it is not referred to any more; from when
//     it is cancelled on nobody is called. So a callback may cancel any of them, and make others.
//     What is said at a time is said to those who have asked until then.
#pragma once

#include "ob/type.hpp"
#include "pnp/arrival.hpp"
#include "pnp/state.hpp"

namespace mica::pnp {

inline constexpr ULONG tag_registration = ob::pool_tag("PpRg");

struct Registration {
  LIST_ENTRY entry;   // State::lock
  ULONG references;   // State::lock; one until it is cancelled
  bool is_cancelled;  // State::lock
  bool runs;          // the callback is called. State::lock
  KEVENT idle;        // set when the callback of a cancelled one has returned
  IO_NOTIFICATION_EVENT_CATEGORY category;
  GUID class_guid;        // of an interface class
  Node* node;             // a target's, referenced; null: it is for another category
  PFILE_OBJECT file;      // on the target; only handed back
  PDRIVER_OBJECT driver;  // referenced
  PDRIVER_NOTIFICATION_CALLBACK_ROUTINE callback;
  PVOID context;
  bool was_asked;  // whether the target may be removed. The worker's
};

inline constexpr GUID interface_arrival = {
    0xcb3a4004, 0x46f0, 0x11d0, {0xb0, 0x8f, 0x00, 0x60, 0x97, 0x13, 0x05, 0x3f}};
inline constexpr GUID interface_removal = {
    0xcb3a4005, 0x46f0, 0x11d0, {0xb0, 0x8f, 0x00, 0x60, 0x97, 0x13, 0x05, 0x3f}};

// ---- IRQL <= DISPATCH_LEVEL.
void NTAPI enlist(Registration& registration) noexcept;
// The registration, referenced, that follows; of null the first; null: there is none. The one that
// it follows loses its reference.
[[nodiscard]] Registration* NTAPI next(Registration* before) noexcept;

// ---- For the worker. IRQL PASSIVE_LEVEL.
// Calls it, unless it was cancelled: then STATUS_SUCCESS.
NTSTATUS NTAPI call(Registration& registration, void* notification) noexcept;
// Tells one of an interface, or all who asked for its class.
void NTAPI notify_of_interface(Registration& registration, GUID const& event,
                               Arrival const& arrival) noexcept;
void NTAPI notify_of_interface(GUID const& event, Arrival const& arrival) noexcept;

template <class Use>
void for_each_registration(Use use) noexcept {
  for (Registration* each = next(nullptr); each != nullptr; each = next(each)) use(*each);
}

// ---- IRQL PASSIVE_LEVEL.
enum class Waits : bool { no, yes };
// Nobody is called any more; a call that runs is waited for if asked, but by the worker itself.
void NTAPI cancel(Registration& registration, Waits waits) noexcept;

}  // namespace mica::pnp
