// Devices that are plugged in: each has a physical device object, the lowest of its stack, and a
// node that says what the device is. The devices on the root are trees; what hangs from a device
// its driver's bus says.
//   A node is in the list from when the device is known until nothing is left to be done to it; who
//   looks at one refers to it. The worker alone puts in and takes out (action.hpp), so it alone
//   follows the tree.
#pragma once

#include <utility>

#include "pnp/action.hpp"
#include "pnp/description.hpp"

namespace mica::pnp {

struct Kind;

enum class Stage : std::uint8_t {
  found,    // drivers have not been looked for, or there are none
  started,  // it has drivers, or does without
  removed,  // they are gone, or did not come to be; its bus says that it is there still
  lost,     // taken away by surprise; files are open on it, or on what hangs from it
  ended,    // in no list any more
};

// What was asked of a device by routines that do not wait.
enum : ULONG { wants_children = 1, wants_state = 2, wants_ejection = 4 };

struct Node {
  LIST_ENTRY entry;       // State::lock
  ULONG references;       // State::lock
  PDEVICE_OBJECT device;  // referenced; it knows its node
  // What a text says of a device on the root, of the copy of it that follows; of a child nothing.
  Description described;
  std::string_view path;  // ENUMERATOR\DEVICE\INSTANCE; empty: its bus does not say
  CM_RESOURCE_LIST* raw;  // null: no resources
  CM_RESOURCE_LIST* translated;
  DEVICE_CAPABILITIES capabilities;  // State::lock
  bool assigned;                     // the resources are its drivers'. State::lock
  Action end;                        // when the last file on it is closed
  Action wish;                       // for what is wanted
  ULONG wanted;                      // wish is queued if there is any. State::lock

  bool has_ended;  // it has no interfaces any more. State::interface_lock

  // ---- The worker's.
  Kind* kind;  // a child's; null: it has none
  Stage stage;
  bool is_going;     // it is being removed, or lost
  bool is_reported;  // a child's: its bus said so when it was asked last
  unsigned depth;    // how many devices it hangs from
  Node* parent;      // null: it is on the root
  LIST_ENTRY children;
  LIST_ENTRY sibling;   // in the parent's children
  LIST_ENTRY to_start;  // in a list of those that come; else in none
  LIST_ENTRY to_end;    // in a list of those that go together (together.hpp); else in none
  bool is_expanded;     // in that list: what goes with it is there too
};

// A reference, for a scope; maybe to none.
class [[nodiscard]] NodeReference {
 public:
  NodeReference() noexcept = default;
  explicit NodeReference(Node* referenced) noexcept : node_{referenced} {}
  NodeReference(NodeReference&& other) noexcept : node_{std::exchange(other.node_, nullptr)} {}
  NodeReference& operator=(NodeReference&&) = delete;
  ~NodeReference();

  explicit operator bool() const noexcept { return node_ != nullptr; }
  Node* operator->() const noexcept { return node_; }
  Node& operator*() const noexcept { return *node_; }
  [[nodiscard]] Node* release() noexcept { return std::exchange(node_, nullptr); }

 private:
  Node* node_ = nullptr;
};

// ---- IRQL <= DISPATCH_LEVEL.
// None: the device is no physical device object, or its device is not there any more.
[[nodiscard]] NodeReference find(DEVICE_OBJECT& device) noexcept;
// The same for a routine that must be given a physical device object: another one is bugcheck
// PNP_DETECTED_FATAL_ERROR. None: it was one, and is not there any more.
[[nodiscard]] NodeReference NTAPI find_physical(DEVICE_OBJECT& device) noexcept;
// Of the capabilities, and whether resources are assigned, at one moment.
struct Snapshot {
  DEVICE_CAPABILITIES capabilities;
  bool assigned;
};
[[nodiscard]] Snapshot NTAPI snapshot_of(Node const& node) noexcept;

// ---- For the worker. IRQL PASSIVE_LEVEL.
// By its name, of a child by its path; of two of that name the one that is not lost. Null: there is
// none.
[[nodiscard]] Node* NTAPI find(std::string_view name) noexcept;
// A device object on the root, and its node. STATUS_INSUFFICIENT_RESOURCES.
[[nodiscard]] NTSTATUS NTAPI make(Description const& described, Node*& node) noexcept;
// The node of a device that a bus reports, which takes over the caller's reference to it. Null:
// there is no memory.
[[nodiscard]] Node* NTAPI make_child(Node& parent, DEVICE_OBJECT& device,
                                     std::string_view path) noexcept;
// The device is not there any more; nothing hangs from it.
void NTAPI end(Node& node) noexcept;

}  // namespace mica::pnp
