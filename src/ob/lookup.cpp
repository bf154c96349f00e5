#include "ob/lookup.hpp"

#include "ob/state.hpp"

namespace mica::ob {
namespace {

constexpr unsigned reparses_max = 32;

// Splits the first component off. `rest` loses it and the backslash after it; `more` says that
// there was one.
UNICODE_STRING take_component(UNICODE_STRING& rest, bool& more) noexcept {
  USHORT const chars = rest.Length / sizeof(WCHAR);
  USHORT end = 0;
  while (end < chars && rest.Buffer[end] != OBJ_NAME_PATH_SEPARATOR) ++end;
  more = end < chars;
  USHORT const component_bytes = static_cast<USHORT>(end * sizeof(WCHAR));
  USHORT const taken = static_cast<USHORT>(component_bytes + (more ? sizeof(WCHAR) : 0));
  UNICODE_STRING const component{component_bytes, component_bytes, rest.Buffer};
  rest.Buffer += taken / sizeof(WCHAR);
  rest.Length = static_cast<USHORT>(rest.Length - taken);
  return component;
}

// One walk through directories, under the namespace lock, up to an object that is no directory or
// to the path's end.
class Walk {
 public:
  Walk(Search const& search, Header& start, UNICODE_STRING const& path) noexcept
      : search_{search}, at_{&start}, rest_{path} {}

  // STATUS_REPARSE: object() must parse rest(). All other successes are final. What was reached is
  // referenced.
  [[nodiscard]] NTSTATUS run() noexcept {
    State& ob = state();
    ke::SpinGuard guard{ob.names.lock};
    bool more = rest_.Length != 0;
    while (more && at_->type == ob.directory_type) {
      UNICODE_STRING const component = take_component(rest_, more);
      if (component.Length == 0) return STATUS_OBJECT_NAME_INVALID;
      ULONG const hash = hash_of(component);
      auto& directory = *static_cast<Directory*>(at_->body());
      Name const* const name = find(ob.names, directory, component, hash);
      if (name == nullptr) {
        if (more) return STATUS_OBJECT_PATH_NOT_FOUND;
        return absent(ob.names, directory, component, hash);
      }
      at_ = name->object;
      separated_ = more;
    }
    return reached(ob, more);
  }

  [[nodiscard]] Header& object() const noexcept { return *at_; }
  [[nodiscard]] UNICODE_STRING const& rest() const noexcept { return rest_; }
  // Whether a backslash stood between the object's name and rest().
  [[nodiscard]] bool separated() const noexcept { return separated_; }

 private:
  NTSTATUS absent(Namespace& names, Directory& directory, UNICODE_STRING const& component,
                  ULONG hash) noexcept MICA_REQUIRES(names.lock) {
    if (search_.insert == nullptr) return STATUS_OBJECT_NAME_NOT_FOUND;
    at_ = search_.insert;
    at_->name->component = component;
    at_->name->hash = hash;
    enter(names, directory, *at_->name);
    take();
    return STATUS_SUCCESS;
  }

  NTSTATUS reached(State& ob, bool more) noexcept {
    bool const is_link = at_->type == ob.link_type;
    bool const link_itself =
        search_.wanted == ob.link_type || (search_.attributes & OBJ_OPENLINK) != 0;
    bool const parses = at_->type->procedures.parse != nullptr;
    if (search_.insert != nullptr && !more && (!is_link || link_itself)) {
      if ((search_.attributes & OBJ_OPENIF) == 0) return STATUS_OBJECT_NAME_COLLISION;
      if (at_->type != search_.insert->type) return STATUS_OBJECT_TYPE_MISMATCH;
      take();
      return STATUS_OBJECT_NAME_EXISTS;
    }
    if (parses && (more || !is_link || !link_itself)) {
      reference(*at_);
      return STATUS_REPARSE;
    }
    if (more || (search_.wanted != nullptr && at_->type != search_.wanted))
      return STATUS_OBJECT_TYPE_MISMATCH;
    take();
    return STATUS_SUCCESS;
  }

  void take() noexcept {
    reference(*at_);
    if (search_.count_handle) at_->handles.fetch_add(1, std::memory_order_relaxed);
  }

  Search const& search_;
  Header* at_;
  UNICODE_STRING rest_;
  bool separated_ = false;
};

// Asks the reached object for what lies below it.
NTSTATUS parse(Search const& search, Walk const& walk, UNICODE_STRING* replacement,
               void** found) noexcept {
  Reference const parser{walk.object().body()};
  ParseRequest request{walk.rest(),       walk.separated(), search.wanted,  search.access,
                       search.attributes, search.mode,      search.context, {}};
  NTSTATUS const status = walk.object().type->procedures.parse(parser.get(), request, found);
  *replacement = request.replacement;
  if (!NT_SUCCESS(status) || status == STATUS_REPARSE) return status;
  if (search.granted != nullptr) *search.granted = request.access;
  if (search.count_handle) header_of(*found).handles.fetch_add(1, std::memory_order_relaxed);
  return status;
}

// Where the path starts. A path from a root handle is relative to it, any other begins with a
// backslash. Only what came from a handle is referenced: the root directory is there for ever.
NTSTATUS starting_point(Search const& search, UNICODE_STRING& path, void** start) noexcept {
  bool const absolute = path.Length != 0 && path.Buffer[0] == OBJ_NAME_PATH_SEPARATOR;
  if (absolute == (search.root != nullptr)) return STATUS_OBJECT_PATH_SYNTAX_BAD;
  if (search.root != nullptr) {
    return ObReferenceObjectByHandle(search.root, DIRECTORY_TRAVERSE, nullptr, search.mode, start,
                                     nullptr);
  }
  ++path.Buffer;
  path.Length = static_cast<USHORT>(path.Length - sizeof(WCHAR));
  *start = state().names.root;
  return STATUS_SUCCESS;
}

void free_path(UNICODE_STRING const& path) noexcept {
  if (path.Buffer != nullptr) ExFreePoolWithTag(path.Buffer, tag_name);
}

}  // namespace

NTSTATUS NTAPI look_up(Search const& original, void** found) noexcept {
  Search search = original;
  UNICODE_STRING owned{};  // the last replacement, which search.path may stand in
  NTSTATUS status = STATUS_REPARSE;
  for (unsigned walks = 0; status == STATUS_REPARSE; ++walks) {
    if (walks > reparses_max) {
      status = STATUS_OBJECT_NAME_NOT_FOUND;
      break;
    }
    UNICODE_STRING path = search.path;
    void* start_object = nullptr;
    status = starting_point(search, path, &start_object);
    if (!NT_SUCCESS(status)) break;
    Reference const held{search.root != nullptr ? start_object : nullptr};
    Walk walk{search, header_of(start_object), path};
    status = walk.run();
    if (status != STATUS_REPARSE) {
      if (NT_SUCCESS(status)) *found = walk.object().body();
      break;
    }
    UNICODE_STRING replacement{};
    status = parse(search, walk, &replacement, found);
    if (status != STATUS_REPARSE) break;
    free_path(owned);
    owned = replacement;
    search.root = nullptr;
    search.path = owned;
    if (search.insert != nullptr) {
      // The new name must outlive the search: it becomes the object's own.
      NTSTATUS const named = give_name(*search.insert, owned, nullptr);
      if (!NT_SUCCESS(named)) {
        status = named;
      } else {
        search.path = search.insert->name->path;
      }
    }
  }
  free_path(owned);
  return status;
}

void NTAPI release_handle_count(Header& header) noexcept {
  // Each closer sees another count, so exactly one of them is told that its handle was the last.
  ULONG const before = header.handles.fetch_sub(1, std::memory_order_acq_rel);
  if (auto* const close = header.type->procedures.close; close != nullptr)
    close(header.body(), before);
  if (before == 1) release_name(header, false);
}

}  // namespace mica::ob
