#include "cm/key.hpp"

#include "base/list.hpp"
#include "cm/branch.hpp"
#include "cm/notice.hpp"
#include "cm/state.hpp"
#include "ob/header.hpp"

namespace mica::cm {
namespace {

// Tells of the last handle. Nobody can keep it from being closed.
void NTAPI close_key(void* object, ULONG handles_before) noexcept {
  if (handles_before != 1) return;
  auto& key = *static_cast<Key*>(object);
  REG_KEY_HANDLE_CLOSE_INFORMATION information{&key, nullptr, nullptr, nullptr};
  static_cast<void>(notified(key, {RegNtPreKeyHandleClose, RegNtPostKeyHandleClose}, information,
                             [] { return STATUS_SUCCESS; }));
  release_contexts(key);
}

void NTAPI remove_key(void* object) noexcept {
  auto& key = *static_cast<Key*>(object);
  release_contexts(key);
  if (key.node != nullptr) dereference(*key.node);
  if (key.branch != nullptr) dereference(*key.branch);
}

// What follows \Registry in the path.
ULONG NTAPI path_below_root(void* object, WCHAR* buffer, ULONG bytes) noexcept {
  Node const& root = *state().root;
  ULONG rest = static_cast<Key*>(object)->node->path_bytes - root.path_bytes;
  if (bytes == 0) return rest;
  WCHAR* end = buffer + rest / sizeof(WCHAR);
  for (Node const* at = static_cast<Key*>(object)->node; at != &root; at = at->parent) {
    end -= at->name.Length / sizeof(WCHAR);
    std::memcpy(end, at->name.Buffer, at->name.Length);
    *--end = OBJ_NAME_PATH_SEPARATOR;
  }
  return rest;
}

}  // namespace

ob::TypeOptions key_type_options() noexcept {
  ob::TypeOptions options{};
  options.name = u"Key";
  options.procedures.remove = [](void* object) NTAPI { remove_key(object); };
  options.procedures.close = [](void* object, ULONG handles_before)
                                 NTAPI { close_key(object, handles_before); };
  options.procedures.parse = parse_key;
  options.procedures.name_suffix = path_below_root;
  options.procedures.name_owner = [](void*) NTAPI { return state().root_key; };
  options.mapping = {KEY_READ, KEY_WRITE, KEY_EXECUTE, KEY_ALL_ACCESS};
  options.valid_access = KEY_ALL_ACCESS;
  options.tag = tag_key;
  return options;
}

NTSTATUS NTAPI make_key(OBJECT_ATTRIBUTES* attributes, Key** key) noexcept {
  void* object = nullptr;
  NTSTATUS const status = ObCreateObject(KernelMode, state().key_type, attributes, KernelMode,
                                         nullptr, sizeof(Key), 0, 0, &object);
  if (!NT_SUCCESS(status)) return status;
  *key = static_cast<Key*>(object);
  list_initialize((*key)->contexts);
  return status;
}

NTSTATUS NTAPI check_key(Key const& key) noexcept {
  if (key.branch != nullptr && key.branch->over) return STATUS_TRANSACTION_NOT_ACTIVE;
  return is_gone(*key.node, key.branch) ? STATUS_KEY_DELETED : STATUS_SUCCESS;
}

OpenedKey::~OpenedKey() {
  if (key_ != nullptr) ObfDereferenceObject(key_);
}

NTSTATUS OpenedKey::open(HANDLE handle, ACCESS_MASK access) noexcept {
  void* object = nullptr;
  NTSTATUS const status =
      ObReferenceObjectByHandle(handle, access, state().key_type, KernelMode, &object, nullptr);
  if (NT_SUCCESS(status)) key_ = static_cast<Key*>(object);
  return status;
}

}  // namespace mica::cm
