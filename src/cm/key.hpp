// Key objects: what handles of keys name. Each open makes one; its node is the key.
//   IRQL PASSIVE_LEVEL.
#pragma once

#include "cm/node.hpp"
#include "ob/type.hpp"

namespace mica::cm {

struct Key {
  Node* node;           // referenced
  Branch* branch;       // of the transaction that it was opened in, referenced; or null
  LIST_ENTRY contexts;  // what callbacks keep with it (context.cpp); the lock of the callbacks
};

// What opening and creating hand through the namespace to walk.cpp.
struct CreateRequest {
  UNICODE_STRING const* class_name;
  ULONG options;      // REG_OPTION_*
  ULONG disposition;  // out
};
struct WalkRequest {
  CreateRequest* create;  // null: it must be there
  Branch* branch;         // what sees it; or null
};

[[nodiscard]] ob::TypeOptions key_type_options() noexcept;

// A key object that stands for no key yet; its name in the namespace is that of the attributes,
// which may be null. STATUS_INSUFFICIENT_RESOURCES.
[[nodiscard]] NTSTATUS NTAPI make_key(OBJECT_ATTRIBUTES* attributes, Key** key) noexcept;

// Whether there is something to be done with the key, under the lock of the tree.
// STATUS_KEY_DELETED, STATUS_TRANSACTION_NOT_ACTIVE.
[[nodiscard]] NTSTATUS NTAPI check_key(Key const& key) noexcept;

// The type's parse procedure (walk.cpp).
NTSTATUS NTAPI parse_key(void* object, ob::ParseRequest& request, void** found);

// The key of a handle that grants `access`, referenced while it stands.
class [[nodiscard]] OpenedKey {
 public:
  OpenedKey() noexcept = default;
  OpenedKey(OpenedKey const&) = delete;
  OpenedKey& operator=(OpenedKey const&) = delete;
  ~OpenedKey();

  // STATUS_INVALID_HANDLE, STATUS_OBJECT_TYPE_MISMATCH.
  [[nodiscard]] NTSTATUS open(HANDLE handle, ACCESS_MASK access) noexcept;
  [[nodiscard]] Key& key() const noexcept { return *key_; }
  [[nodiscard]] Node& node() const noexcept { return *key_->node; }

 private:
  Key* key_ = nullptr;
};

}  // namespace mica::cm
