// Devices that are plugged in: each has a physical device object, the lowest of its stack, and a
// node that says what the device is.
//   A node is in the list from when the device object is made until nothing is left to be done to
//   the device; who looks at one refers to it. The worker alone puts in and takes out (action.hpp).
#pragma once

#include <utility>

#include "pnp/action.hpp"
#include "pnp/description.hpp"

namespace mica::pnp {

struct Node {
  LIST_ENTRY entry;       // State::lock
  ULONG references;       // State::lock
  PDEVICE_OBJECT device;  // referenced; it knows its node
  Description described;  // of the copy of its text that follows
  CM_RESOURCE_LIST* raw;  // null: no resources
  CM_RESOURCE_LIST* translated;
  DEVICE_CAPABILITIES capabilities;  // State::lock
  bool assigned;                     // the resources are its drivers'. State::lock
  bool is_lost;                      // taken away by surprise. The worker's
  Action end;                        // when the last file on it is closed
};

// A reference, for a scope; maybe to none.
class [[nodiscard]] NodeReference {
 public:
  NodeReference() noexcept = default;
  NodeReference(NodeReference&& other) noexcept : node_{std::exchange(other.node_, nullptr)} {}
  NodeReference& operator=(NodeReference&&) = delete;
  ~NodeReference();

  explicit operator bool() const noexcept { return node_ != nullptr; }
  Node* operator->() const noexcept { return node_; }
  Node& operator*() const noexcept { return *node_; }

 private:
  friend NodeReference find(DEVICE_OBJECT& device) noexcept;
  explicit NodeReference(Node* node) noexcept : node_{node} {}

  Node* node_ = nullptr;
};

// ---- IRQL <= DISPATCH_LEVEL.
// None: the device is no physical device object, or its device is not there any more.
[[nodiscard]] NodeReference find(DEVICE_OBJECT& device) noexcept;
// Of the capabilities, and whether resources are assigned, at one moment.
struct Snapshot {
  DEVICE_CAPABILITIES capabilities;
  bool assigned;
};
[[nodiscard]] Snapshot NTAPI snapshot_of(Node const& node) noexcept;

// ---- For the worker. IRQL PASSIVE_LEVEL.
// Null: there is none of that name.
[[nodiscard]] Node* NTAPI find(std::string_view name) noexcept;
// A device object and its node. STATUS_INSUFFICIENT_RESOURCES.
[[nodiscard]] NTSTATUS NTAPI make(Description const& described, Node*& node) noexcept;
// The device is not there any more.
void NTAPI end(Node& node) noexcept;

}  // namespace mica::pnp
