// From a path to a key, and past its end to a new one.
#include "cm/branch.hpp"
#include "cm/key.hpp"
#include "cm/link.hpp"
#include "cm/state.hpp"
#include "ob/header.hpp"

namespace mica::cm {
namespace {

// The first part of the path, which loses it and the backslash behind.
UNICODE_STRING take_component(UNICODE_STRING& rest) noexcept {
  USHORT const characters = rest.Length / sizeof(WCHAR);
  USHORT end = 0;
  while (end < characters && rest.Buffer[end] != OBJ_NAME_PATH_SEPARATOR) ++end;
  auto const bytes = static_cast<USHORT>(end * sizeof(WCHAR));
  UNICODE_STRING const component{bytes, bytes, rest.Buffer};
  USHORT const taken = end < characters ? end + 1 : end;
  rest.Buffer += taken;
  rest.Length = static_cast<USHORT>(rest.Length - taken * sizeof(WCHAR));
  return component;
}

// Under the lock of the tree; alone, if a key may have to be made.
class Walk {
 public:
  Walk(Node& start, ob::ParseRequest& request, WalkRequest const& walk) noexcept
      : at_{&start},
        rest_{request.remaining},
        request_{request},
        create_{walk.create},
        viewer_{walk.branch} {
    ULONG const options = create_ != nullptr ? create_->options : 0;
    opens_link_ = (request.attributes & OBJ_OPENLINK) != 0 ||
                  (options & (REG_OPTION_OPEN_LINK | REG_OPTION_CREATE_LINK)) != 0;
  }

  // STATUS_SUCCESS: reached(). STATUS_REPARSE: the request has its replacement. `other`: who stands
  // in the way of a new key.
  [[nodiscard]] NTSTATUS run(Branch*& other) noexcept {
    if (viewer_ != nullptr && viewer_->over) return STATUS_TRANSACTION_NOT_ACTIVE;
    if (is_gone(*at_, viewer_)) return STATUS_KEY_DELETED;
    for (;;) {
      bool const ends = rest_.Length == 0;
      if (at_->traits.is_link && !(ends && opens_link_))
        return follow_link(values_of(*at_, viewer_), rest_, request_.replacement);
      if (ends) break;
      UNICODE_STRING const component = take_component(rest_);
      if (component.Length == 0) return STATUS_OBJECT_NAME_INVALID;
      if (component.Length > key_name_bytes_max) return STATUS_INVALID_PARAMETER;
      Node* const subkey = find_subkey(*at_, component, viewer_);
      if (subkey == nullptr)
        return rest_.Length != 0 || create_ == nullptr ? STATUS_OBJECT_NAME_NOT_FOUND
                                                       : create(component, other);
      at_ = subkey;
    }
    if (create_ != nullptr) create_->disposition = REG_OPENED_EXISTING_KEY;
    return STATUS_SUCCESS;
  }

  [[nodiscard]] Node& reached() const noexcept { return *at_; }

 private:
  [[nodiscard]] NTSTATUS create(UNICODE_STRING const& name, Branch*& other) noexcept {
    if (at_->traits.is_closed) return STATUS_INVALID_PARAMETER;
    Traits traits;
    traits.is_volatile = (create_->options & REG_OPTION_VOLATILE) != 0;
    traits.is_link = (create_->options & REG_OPTION_CREATE_LINK) != 0;
    if (at_->traits.is_volatile && !traits.is_volatile) return STATUS_CHILD_MUST_BE_VOLATILE;
    other = holder_of_name(*at_, name, viewer_);
    if (other != nullptr) return STATUS_TRANSACTIONAL_CONFLICT;
    Node* made = nullptr;
    NTSTATUS const status = create_subkey(*at_, name, create_->class_name, traits, viewer_, &made);
    if (!NT_SUCCESS(status)) return status;
    at_ = made;
    create_->disposition = REG_CREATED_NEW_KEY;
    return status;
  }

  Node* at_;
  UNICODE_STRING rest_;
  ob::ParseRequest& request_;
  CreateRequest* const create_;
  Branch* const viewer_;
  bool opens_link_;
};

void bind(Key& key, Node& node, Branch* branch) noexcept {
  key.node = &node;
  reference(node);
  key.branch = branch;
  if (branch != nullptr) reference(*branch);
}

}  // namespace

NTSTATUS NTAPI parse_key(void* object, ob::ParseRequest& request, void** found) {
  if (request.wanted != nullptr && request.wanted != state().key_type)
    return STATUS_OBJECT_TYPE_MISMATCH;
  Key* key = nullptr;
  NTSTATUS status = make_key(nullptr, &key);
  if (!NT_SUCCESS(status)) return status;
  ob::Reference made{key};
  Key const& start = *static_cast<Key*>(object);
  WalkRequest walk_request{nullptr, start.branch};
  if (request.context != nullptr) walk_request = *static_cast<WalkRequest*>(request.context);
  auto const attempt = [&](Branch*& other) {
    Walk walk{*start.node, request, walk_request};
    NTSTATUS const ended = walk.run(other);
    if (ended == STATUS_SUCCESS) bind(*key, walk.reached(), walk_request.branch);
    return ended;
  };
  if (walk_request.create != nullptr) {
    status = change_tree(walk_request.branch, attempt);
  } else {
    TreeGuard const guard{Hold::shared};
    Branch* nobody = nullptr;
    status = attempt(nobody);
  }
  if (status == STATUS_SUCCESS) *found = made.release();
  return status;
}

}  // namespace mica::cm
