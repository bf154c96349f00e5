// Weak memory: what each atomic load sees, under MemoryModel::x86 and cxx20.
//   Stores reach memory at once and in the order of the execution; what is weak is that a load may
//   see an older one. Which, of those that the model allows it, is a question like any other
//   (Choice::load; 0: the newest). Asked only while the window is open; code that is not
//   instrumented, plain and volatile accesses always see the newest. Read-modify-writes read the
//   newest too, also when they fail.
//   cxx20: each processor has a view, the oldest store of each word that it may still read. Reading
//   and storing raise it, acquiring joins what a store released. So a load sees no store older than
//   one that happens before it, or than one that was read or made by what happens before it.
//   Sequentially consistent operations and fences share one view more, in the order of the
//   execution.
//   x86: a processor's loads see memory as it was at some moment that never goes back, but for its
//   own stores, which it sees at once. That shows exactly what store buffers show: instead of a
//   store that is late, other processors' stores are seen early.
//   [Abdulla et al., "The Benefits of Duality in Verifying Concurrent Programs under TSO", CONCUR
//   2016] [SPARC V9 manual, D.4: the axioms]
//   What one processor does is in order to itself, whichever thread or interrupt does it. A context
//   takes with it what its thread knows; whoever requests an interrupt is seen by it.
#pragma once

#include "explore/memory_model.hpp"
#include "explore/store_history.hpp"
#include "hal_host/simulation.hpp"

#include <mica/policy.hpp>

namespace mica::explore {

class Memory {
 public:
  // The one of this OS thread; watching() is null while no window is open, and where memory is
  // sequentially consistent.
  [[nodiscard]] static Memory& here();
  [[nodiscard]] static Memory* watching() noexcept { return watching_; }

  void prepare(MemoryModel model, MemoryFlaw flaw) noexcept;
  // `asked`: which of several stores a load sees.
  void open(Policy& asked);
  void close() noexcept { watching_ = nullptr; }

  // ---- Atomic operations, by the current processor. What a load sees; null: the newest store,
  // which is in memory.
  [[nodiscard]] Store const* load(void const volatile* address, std::size_t bytes, int order);
  // `old`: what the word held before.
  void store(void const volatile* address, std::size_t bytes, std::uint64_t old, int order);
  void update(void const volatile* address, std::size_t bytes, std::uint64_t old, int order);
  // A compare-exchange that failed.
  void look(void const volatile* address, std::size_t bytes, int order);
  void fence(int order);
  // Plain and volatile ones, and blocks.
  void accessed(void const volatile* address, std::size_t bytes, bool writes, bool is_volatile);
  void forget(std::uintptr_t from, std::uintptr_t to) noexcept;

  // ---- The machine
  void requested(unsigned processor, KIRQL level);
  void began(unsigned processor, KIRQL level);
  void ended();
  void switched(std::uint64_t from_id, std::uint64_t to_id);
  void made(std::uint64_t context_id);
  // A processor at a spin hint, and past it: that word has left its value, so the next load sees
  // that.
  void awaits(hal_host::Guard const& guard) noexcept;
  void awaited();

 private:
  // What one flow of control knows.
  struct Standing {
    View seen;
    View offered;             // by relaxed loads: seen from the next acquire fence on
    View promised;            // at the last release fence: released by relaxed stores
    std::uint32_t moment = 0;  // x86: memory is seen as it was after this store, or later
    void join(Standing const& other);
    void clear() noexcept;
  };

  [[nodiscard]] Standing& me() noexcept;
  [[nodiscard]] Standing& thread(std::uint64_t context_id);
  [[nodiscard]] AtomicWord& word(void const volatile* address, std::size_t bytes);
  [[nodiscard]] unsigned readable(AtomicWord const& word, int order) noexcept;
  void read(AtomicWord const& word, Store const& store, int order);
  Store& add(AtomicWord& word, std::uint64_t old, void const volatile* address);
  // x86: what the processor sees from here on is no older than now.
  void drain();
  // Steps that do this are ordered among each other: the listener is told that they conflict.
  void joins_order(int order);

  static constexpr unsigned patience = 16;
  static constinit thread_local Memory* watching_;

  MemoryModel model_ = MemoryModel::sequential;
  MemoryFlaw flaw_ = MemoryFlaw::none;
  Policy* asked_ = nullptr;
  std::uint32_t now_ = 0;  // the newest store
  StoreHistory history_;
  View order_;  // of sequentially consistent operations
  Standing processors_[hal_host::max_processors];
  Standing requests_[hal_host::max_processors][16];
  std::vector<Standing> threads_;  // while they are switched away from
  hal_host::Guard guards_[hal_host::max_processors]{};
};

}  // namespace mica::explore
