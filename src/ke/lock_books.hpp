// What one call of deadlock detection (ke/lock_checks.hpp) does with the tables.
#pragma once

#include "ke/lock_checks.hpp"
#include "ke/lock_report.hpp"

namespace mica::ke {

[[nodiscard]] inline LockPlace place_of(LockUse const& use) noexcept {
  return {use.lock, use.at};
}

// The tables, for a scope; and what its end has to say, said when they are free again.
class [[nodiscard]] Books {
 public:
  NTAPI Books() noexcept MICA_NO_ANALYSIS;
  NTAPI ~Books() MICA_NO_ANALYSIS;
  Books(Books const&) = delete;
  Books& operator=(Books const&) = delete;

  explicit operator bool() const noexcept { return tables_ != nullptr; }
  LockTables* operator->() noexcept { return tables_; }
  LockTables& operator*() noexcept { return *tables_; }

  [[nodiscard]] KIRQL level() const noexcept { return level_; }
  [[nodiscard]] KIRQL context() const noexcept { return context_; }
  [[nodiscard]] Thread& thread() const noexcept { return thread_; }
  // What the caller holds.
  [[nodiscard]] LockIndex& first() const noexcept {
    return context_ == 0 ? thread_.held_locks : processor_.held_locks;
  }
  [[nodiscard]] LockIndex find_held(void const* lock) const noexcept {
    return tables_->find_held(first(), lock, context_);
  }

  // As the image sees it that called by an import, if one did: there is code between.
  [[nodiscard]] LockUse of_caller(LockUse use) const noexcept {
    if (tables_->caller_of != nullptr)
      use.at = reinterpret_cast<void const*>(
          tables_->caller_of(reinterpret_cast<std::uint64_t>(use.at)));
    return use;
  }

  // 0: it takes no part.
  [[nodiscard]] LockIndex NTAPI know(LockUse const& use) noexcept;
  [[nodiscard]] LockIndex NTAPI learn(LockUse const& use, void const* place) noexcept;
  // The lock is held at that level: whether that is new.
  [[nodiscard]] bool NTAPI note_held(LockIndex lock, LockPlace const& place, KIRQL level) noexcept;
  // An interrupt takes the lock.
  [[nodiscard]] bool NTAPI note_taken(LockIndex lock, LockPlace const& place) noexcept;
  // The lock is about to be taken while another is held. A circle: the report has its steps.
  enum class Order : std::uint8_t { known, news, circle };
  [[nodiscard]] Order NTAPI note_order(LockIndex lock, LockUse const& use,
                                       HeldLock const& outer) noexcept;
  // The lock, or one that is taken inside, is held where an interrupt may come that takes it: the
  // report has which, and that breaks this rule.
  void NTAPI judge_levels(Rule rule, LockIndex lock) noexcept;
  // That breaks the rule: `held` is, or what is held.
  void misuse(Rule rule, LockUse const& use, HeldLock const& held, void const* second,
              void const* third = nullptr) noexcept;

  LockReport report;

 private:
  template <class Note>
  [[nodiscard]] bool note(LockIndex lock, Note note) noexcept;
  [[nodiscard]] Order NTAPI note_edge(LockTables::Classes classes, LockEdge edge,
                                      LockGraph::By by) noexcept;
  // Whether the circle that the edge would close is one of the same locks, or of locks that are
  // gone: not of others that live.
  [[nodiscard]] bool NTAPI is_circle(LockEdge const& edge) noexcept;
  void report_levels(Rule rule, LockKind taken_kind, LockLevels const& taken, LockKind held_kind,
                     LockLevels& held) noexcept;

  KIRQL const level_;
  KIRQL const old_;
  Processor& processor_;
  LockCheckState& state_;
  Thread& thread_;
  LockTables* tables_;
  KIRQL context_ = 0;
};

}  // namespace mica::ke
