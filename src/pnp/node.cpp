#include "pnp/node.hpp"

#include <cstring>

#include "base/assert.hpp"
#include "base/letters.hpp"
#include "base/list.hpp"
#include "io/device.hpp"
#include "io/stack.hpp"
#include "ke/bugcheck.hpp"
#include "pnp/interface.hpp"
#include "pnp/key.hpp"
#include "pnp/kind.hpp"
#include "pnp/resource_list.hpp"

namespace mica::pnp {
namespace {

constexpr ULONG tag_node = ob::pool_tag("PpNo");
constexpr std::size_t alignment = 8;

[[nodiscard]] constexpr std::size_t round_up(std::size_t bytes) noexcept {
  return (bytes + alignment - 1) & ~(alignment - 1);
}

// Under State::lock.
[[nodiscard]] Node* node_of(State&, DEVICE_OBJECT& device) noexcept {
  return static_cast<Node*>(io::extension_of(device).node);
}

void NTAPI drop(Node& node) noexcept {
  {
    ke::SpinGuard guard{state().lock};
    if (--node.references != 0) return;
  }
  ObfDereferenceObject(node.device);
  ExFreePoolWithTag(&node, tag_node);
}

// In pieces of one block.
class Writer {
 public:
  explicit Writer(char* at) noexcept : at_{at} {}
  [[nodiscard]] std::string_view put(std::initializer_list<std::string_view> parts) noexcept {
    char* const begin = at_;
    for (std::string_view const each : parts) {
      std::memcpy(at_, each.data(), each.size());
      at_ += each.size();
    }
    return {begin, static_cast<std::size_t>(at_ - begin)};
  }

 private:
  char* at_;
};

// One block: the node, its two lists of resources, its path, its text.
[[nodiscard]] Node* NTAPI allocate(Description const& described) noexcept {
  std::size_t const list_bytes = round_up(bytes_of(described.resources));
  std::size_t const lists = round_up(sizeof(Node));
  std::size_t const texts = lists + 2 * list_bytes;
  std::size_t const bytes = texts + enumerator.size() + 1 + described.name.size() + 1 +
                            instance.size() + described.text.size();
  auto* const block = static_cast<char*>(ExAllocatePool2(POOL_FLAG_NON_PAGED, bytes, tag_node));
  if (block == nullptr) return nullptr;
  auto* const node = reinterpret_cast<Node*>(block);  // zeroed, which is a node of nothing
  Writer writer{block + texts};
  node->path = writer.put({enumerator, "\\", described.name, "\\", instance});
  DeviceReader reader{writer.put({described.text})};
  bool const is_read = reader.next(node->described);
  MICA_ASSERT(is_read);  // it was read before
  static_cast<void>(is_read);
  if (list_bytes == 0) return node;
  node->raw = reinterpret_cast<CM_RESOURCE_LIST*>(block + lists);
  node->translated = reinterpret_cast<CM_RESOURCE_LIST*>(block + lists + list_bytes);
  write_list(node->raw, described.resources, Form::raw);
  write_list(node->translated, described.resources, Form::translated);
  return node;
}

// It is known from here on, and cannot be opened yet.
void NTAPI enlist(Node& node) noexcept {
  list_initialize(node.children);
  io::set_opening(*node.device, io::Opening::refused);
  node.device->Flags |= DO_BUS_ENUMERATED_DEVICE;
  ke::SpinGuard guard{state().lock};
  node.references = 1;
  io::extension_of(*node.device).node = &node;
  list_append(state().nodes, node.entry);
}

void NTAPI delist(Node& node) noexcept {
  for (LIST_ENTRY* each : {&node.sibling, &node.to_start, &node.to_end})
    if (each->Flink != nullptr) list_remove(*each);
  ke::SpinGuard guard{state().lock};
  io::extension_of(*node.device).node = nullptr;
  list_remove(node.entry);
}

[[nodiscard]] bool is_called(Node const& node, std::string_view name) noexcept {
  std::string_view const own = node.parent == nullptr ? node.described.name : node.path;
  return !own.empty() && equal_in_any_case(own, name);
}

}  // namespace

NodeReference::~NodeReference() {
  if (node_ != nullptr) drop(*node_);
}

NodeReference find(DEVICE_OBJECT& device) noexcept {
  State& pnp = state();
  ke::SpinGuard guard{pnp.lock};
  Node* const node = node_of(pnp, device);
  if (node != nullptr) ++node->references;
  return NodeReference{node};
}

NodeReference NTAPI find_physical(DEVICE_OBJECT& device) noexcept {
  constexpr ULONG_PTR no_physical_device = 2;
  if ((device.Flags & DO_BUS_ENUMERATED_DEVICE) == 0)
    ke::bugcheck(PNP_DETECTED_FATAL_ERROR, no_physical_device, ke::as_parameter(&device),
                 ke::as_parameter(device.DriverObject));
  return find(device);
}

Snapshot NTAPI snapshot_of(Node const& node) noexcept {
  ke::SpinGuard guard{state().lock};
  return {node.capabilities, node.assigned};
}

Node* NTAPI find(std::string_view name) noexcept {
  State& pnp = state();
  Node* found = nullptr;
  ke::SpinGuard guard{pnp.lock};
  for (LIST_ENTRY* entry = pnp.nodes.Flink; entry != &pnp.nodes; entry = entry->Flink) {
    Node& node = MICA_CONTAINING(*entry, Node, entry);
    if (!is_called(node, name)) continue;
    if (node.stage != Stage::lost) return &node;
    found = &node;
  }
  return found;
}

NTSTATUS NTAPI make(Description const& described, Node*& made) noexcept {
  Node* const node = allocate(described);
  if (node == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  NTSTATUS const status = IoCreateDevice(state().driver, 0, nullptr, FILE_DEVICE_CONTROLLER,
                                         FILE_AUTOGENERATED_DEVICE_NAME, FALSE, &node->device);
  if (!NT_SUCCESS(status)) {
    ExFreePoolWithTag(node, tag_node);
    return status;
  }
  ObfReferenceObject(node->device);
  enlist(*node);
  node->device->Flags &= ~ULONG{DO_DEVICE_INITIALIZING};
  made = node;
  return STATUS_SUCCESS;
}

Node* NTAPI make_child(Node& parent, DEVICE_OBJECT& device, std::string_view path) noexcept {
  auto* const block = static_cast<char*>(
      ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(Node) + path.size(), tag_node));
  if (block == nullptr) return nullptr;
  auto* const node = reinterpret_cast<Node*>(block);
  node->device = &device;
  node->path = Writer{block + sizeof(Node)}.put({path});
  node->is_reported = true;
  node->parent = &parent;
  node->depth = parent.depth + 1;
  enlist(*node);
  list_append(parent.children, node->sibling);
  return node;
}

void NTAPI end(Node& node) noexcept {
  MICA_ASSERT(list_empty(node.children));
  end_interfaces(node);
  delist(node);
  node.stage = Stage::ended;
  if (node.kind != nullptr) drop(*std::exchange(node.kind, nullptr));
  if (node.parent == nullptr) IoDeleteDevice(node.device);  // a child's is its bus's
  drop(node);
}

}  // namespace mica::pnp
