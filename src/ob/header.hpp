// What stands before every object's body.
//   References count pointers: one for each handle, one while the object stands in a directory, and
//   those that handle table entries hold in advance (handle_table.hpp). Handles count handles. Both
//   are changed at any IRQL <= DISPATCH_LEVEL without a lock, except that a handle count leaves 0
//   only by somebody who holds a reference, and by name only under the namespace lock.
#pragma once

#include <atomic>

#include "ob/type.hpp"

namespace mica::ob {

struct Directory;
struct Header;

// The name an object was created with, and its place in a directory. One pool block: the path's
// characters follow.
struct Name {
  Header* object;
  Directory* directory;  // where it stands, referenced; null when nowhere. Namespace lock
  Name* next;            // in its bucket. Namespace lock
  ULONG hash;            // of `component`
  ULONG pad;
  HANDLE root;               // what the path starts from, until the object is inserted
  UNICODE_STRING path;       // as it was given
  UNICODE_STRING component;  // its last part, once inserted
};

struct alignas(16) Header {
  std::atomic<LONG64> references;
  std::atomic<ULONG> handles;
  std::atomic<ULONG>
      attributes;  // OBJ_*: as created; OBJ_PERMANENT is cleared under the namespace lock
  POBJECT_TYPE type;
  Name* name;  // null: unnamed for ever
  Header* next_to_delete;
  KPROCESSOR_MODE owner_mode;

  [[nodiscard]] void* body() noexcept { return this + 1; }
};
static_assert(sizeof(Header) == 0x30);

[[nodiscard]] inline Header& header_of(void* object) noexcept {
  return *(static_cast<Header*>(object) - 1);
}

// ---- References (reference.cpp). IRQL <= DISPATCH_LEVEL.
inline void reference(Header& header, LONG64 count = 1) noexcept {
  header.references.fetch_add(count, std::memory_order_relaxed);
}
// False: the last one is gone already, and the object is about to be deleted.
[[nodiscard]] inline bool reference_live(Header& header) noexcept {
  LONG64 count = header.references.load(std::memory_order_relaxed);
  while (count > 0)
    if (header.references.compare_exchange_weak(count, count + 1, std::memory_order_relaxed))
      return true;
  return false;
}
// Drops `count`; the object is deleted when none is left: here at PASSIVE_LEVEL, else by the
// reaper.
void NTAPI dereference(Header& header, LONG64 count = 1) noexcept;
// Deletes what was left to the reaper. IRQL PASSIVE_LEVEL.
void NTAPI reap() noexcept;

// ---- Creation (create.cpp)
// An object with one reference, no name and a zeroed body; null without memory.
[[nodiscard]] void* NTAPI allocate_object(POBJECT_TYPE type, std::size_t bytes) noexcept;
// A copy of `path` as the object's name, not yet inserted.
[[nodiscard]] NTSTATUS NTAPI give_name(Header& header, UNICODE_STRING const& path,
                                       HANDLE root) noexcept;
// Null is valid. STATUS_INVALID_PARAMETER for a wrong Length or unknown bits,
// STATUS_OBJECT_NAME_INVALID for a name that cannot be one.
[[nodiscard]] NTSTATUS NTAPI check_attributes(OBJECT_ATTRIBUTES const* attributes) noexcept;
[[nodiscard]] NTSTATUS NTAPI check_name(UNICODE_STRING const* name) noexcept;

// A reference that is dropped at the end of its scope.
class [[nodiscard]] Reference {
 public:
  explicit Reference(void* object) noexcept : object_{object} {}
  Reference(Reference const&) = delete;
  Reference& operator=(Reference const&) = delete;
  ~Reference() {
    if (object_ != nullptr) dereference(header_of(object_));
  }
  [[nodiscard]] void* get() const noexcept { return object_; }
  [[nodiscard]] void* release() noexcept {
    void* const object = object_;
    object_ = nullptr;
    return object;
  }

 private:
  void* object_;
};

}  // namespace mica::ob
