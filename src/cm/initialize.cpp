// The keys that are always there.
#include "base/list.hpp"
#include "cm/key.hpp"
#include "cm/link.hpp"
#include "cm/state.hpp"

namespace mica::cm {
namespace {

constexpr Traits fixed{.is_fixed = true};
constexpr Traits closed{.is_fixed = true, .is_closed = true};
constexpr Traits fixed_volatile{.is_volatile = true, .is_fixed = true};
constexpr Traits fixed_link{.is_link = true, .is_fixed = true};
constexpr std::u16string_view current_control_set = u"\\Registry\\Machine\\System\\ControlSet001";

// Makes keys below one that is there, until one fails.
class Maker {
 public:
  Node* operator()(Node* parent, std::u16string_view name, Traits traits = fixed) noexcept {
    Node* node = nullptr;
    if (NT_SUCCESS(status_)) status_ = add_node(parent, string_of(name), nullptr, traits, &node);
    return node;
  }
  void link(Node* parent, std::u16string_view name, std::u16string_view target) noexcept {
    Node* const node = (*this)(parent, name, fixed_link);
    Data const data{REG_LINK, static_cast<ULONG>(target.size() * sizeof(WCHAR)), target.data()};
    if (NT_SUCCESS(status_)) status_ = set_value(node->values, string_of(link_value), data);
  }
  [[nodiscard]] NTSTATUS status() const noexcept { return status_; }

 private:
  NTSTATUS status_ = STATUS_SUCCESS;
};

// Volatile and not as on NT: what is found out at each start is volatile.
[[nodiscard]] NTSTATUS make_tree(State& cm) noexcept {
  TreeGuard const guard{Hold::alone};
  Maker make;
  cm.root = make(nullptr, u"REGISTRY", closed);
  Node* const machine = make(cm.root, u"MACHINE", closed);
  Node* const hardware = make(machine, u"HARDWARE", fixed_volatile);
  make(hardware, u"DEVICEMAP", fixed_volatile);
  Node* const system = make(machine, u"SYSTEM");
  Node* const control_set = make(system, u"ControlSet001");
  make(make(control_set, u"Control"), u"Class");
  make(control_set, u"Enum");
  make(control_set, u"Services");
  make.link(system, u"CurrentControlSet", current_control_set);
  Node* const software = make(machine, u"SOFTWARE");
  Node* const microsoft = make(software, u"Microsoft");
  make(make(microsoft, u"Windows NT"), u"CurrentVersion");
  Node* const user = make(cm.root, u"USER", closed);
  make(user, u".DEFAULT");
  return make.status();
}

// \Registry in the namespace: where paths of keys begin.
[[nodiscard]] NTSTATUS make_root_object(State& cm) noexcept {
  UNICODE_STRING path = string_of(u"\\REGISTRY");
  OBJECT_ATTRIBUTES attributes;
  InitializeObjectAttributes(&attributes, &path, OBJ_PERMANENT | OBJ_CASE_INSENSITIVE, nullptr,
                             nullptr);
  Key* key = nullptr;
  NTSTATUS const status = make_key(&attributes, &key);
  if (!NT_SUCCESS(status)) return status;
  key->node = cm.root;
  reference(*cm.root);
  cm.root_key = key;
  return ObInsertObject(key, nullptr, 0, 0, nullptr, nullptr);
}

}  // namespace

NTSTATUS NTAPI initialize() noexcept {
  State& cm = state();
  ExInitializePushLock(&cm.lock);
  ExInitializePushLock(&cm.joining);
  list_initialize(cm.branches);
  initialize_callbacks(cm.callbacks);
  NTSTATUS status = ob::create_type(key_type_options(), &cm.key_type);
  if (NT_SUCCESS(status)) status = make_tree(cm);
  if (NT_SUCCESS(status)) status = make_root_object(cm);
  return status;
}

}  // namespace mica::cm
