#include "pnp/arrival.hpp"

#include <cstring>

#include "pnp/notification.hpp"

namespace mica::pnp {
namespace {

constexpr ULONG tag_arrival = ob::pool_tag("PpAr");

void NTAPI came(Action& action) {
  Arrival& arrival = MICA_CONTAINING(action, Arrival, came);
  arrival.is_told = arrival.node->stage == Stage::started;
  if (arrival.is_told) notify_of_interface(interface_arrival, arrival);
}

void NTAPI went(Action& action) {
  Arrival& arrival = MICA_CONTAINING(action, Arrival, went);
  if (arrival.is_told) notify_of_interface(interface_removal, arrival);
  discard(arrival);
}

}  // namespace

Arrival* NTAPI make_arrival(Node& node, GUID const& class_guid,
                            UNICODE_STRING const& name) noexcept {
  auto* const made = static_cast<Arrival*>(
      ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(Arrival) + name.MaximumLength, tag_arrival));
  if (made == nullptr) return nullptr;
  made->came.routine = came;
  made->went.routine = went;
  made->node = find(*node.device).release();
  made->class_guid = class_guid;
  made->name = {name.Length, name.MaximumLength, reinterpret_cast<WCHAR*>(made + 1)};
  std::memcpy(made->name.Buffer, name.Buffer, name.MaximumLength);
  return made;
}

void NTAPI tell(Arrival& arrival) noexcept {
  queue(arrival.came);
}

void NTAPI tell_removal(Arrival& arrival) noexcept {
  queue(arrival.went);
}

void NTAPI discard(Arrival& arrival) noexcept {
  NodeReference const node{arrival.node};
  ExFreePoolWithTag(&arrival, tag_arrival);
}

}  // namespace mica::pnp
