// Devices that go together: one, what hangs from it, and what its drivers say must go with it.
//   For the worker. IRQL PASSIVE_LEVEL.       [MSDN IRP_MN_QUERY_DEVICE_RELATIONS]
#pragma once

#include "base/list.hpp"
#include "pnp/node.hpp"

namespace mica::pnp {

enum class Going : bool { removed, ejected };  // the latter takes more with it

// In the order in which they go: who hangs from another one before that. They may end meanwhile.
class Together {
 public:
  // Started devices are asked for RemovalRelations, and for EjectionRelations too if they are to be
  // ejected. Those that are going already are not among them.
  Together(Node& first, Going going) noexcept;
  Together(Together const&) = delete;
  Together& operator=(Together const&) = delete;
  ~Together();

  // Whether one that hangs from them is going already: it is waited for.
  [[nodiscard]] bool waits() const noexcept { return waits_; }
  template <class Use>
  void for_each(Use use) noexcept {
    for (LIST_ENTRY* entry = list_.Flink; entry != &list_; entry = entry->Flink)
      use(MICA_CONTAINING(*entry, Node, to_end));
  }
  // Until use() says false: who that was; null: it did not.
  template <class Use>
  [[nodiscard]] Node* until(Use use) noexcept {
    for (LIST_ENTRY* entry = list_.Flink; entry != &list_; entry = entry->Flink) {
      Node& node = MICA_CONTAINING(*entry, Node, to_end);
      if (!use(node)) return &node;
    }
    return nullptr;
  }
  // From `last` back to the first that goes; null: from the end.
  template <class Use>
  void for_each_back(Node* last, Use use) noexcept {
    LIST_ENTRY* entry = last != nullptr ? &last->to_end : list_.Blink;
    for (; entry != &list_; entry = entry->Blink) use(MICA_CONTAINING(*entry, Node, to_end));
  }
  // Takes the first out; null: there is none.
  [[nodiscard]] Node* take() noexcept;

 private:
  void add(Node& node) noexcept;
  void add_related(Node& node, DEVICE_RELATION_TYPE type) noexcept;
  void expand(Node& node, Going going) noexcept;

  LIST_ENTRY list_;
  bool waits_ = false;
};

}  // namespace mica::pnp
