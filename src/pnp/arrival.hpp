// That an interface was enabled, until it is told that it is not any more.
#pragma once

#include "pnp/node.hpp"

namespace mica::pnp {

// In a block with its name. Two actions, one after the other: so that nobody hears of a removal
// before the arrival, and disabling needs no memory.
struct Arrival {
  Action came, went;
  Node* node;  // referenced
  GUID class_guid;
  UNICODE_STRING name;
  bool is_told;  // the worker's
};

// Null: there is no memory.
[[nodiscard]] Arrival* NTAPI make_arrival(Node& node, GUID const& class_guid,
                                          UNICODE_STRING const& name) noexcept;
// Has those told who asked for it; of a device that is not started nothing is told.
void NTAPI tell(Arrival& arrival) noexcept;
// Has the same told of the removal. The arrival is gone with this.
void NTAPI tell_removal(Arrival& arrival) noexcept;
// One that was not told.
void NTAPI discard(Arrival& arrival) noexcept;

}  // namespace mica::pnp
