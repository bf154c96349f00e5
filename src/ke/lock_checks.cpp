// Deadlock detection: what is learned and judged when locks are taken and given back.
#include "ke/lock_checks.hpp"

#include "ke/lock_books.hpp"

namespace mica::ke {
namespace {

bool spins(LockKind kind) noexcept {
  return kind <= LockKind::reader_writer_spin_lock;
}

// Where who holds it has to stay.
KIRQL lowest_level(HeldLock const& held) noexcept {
  if (spins(held.kind)) return DISPATCH_LEVEL;
  return held.raises ? APC_LEVEL : PASSIVE_LEVEL;
}

// The caller holds the lock already: whether it would wait for itself.
bool waits_for_itself(LockUse const& use, HeldLock const& held) noexcept {
  switch (use.kind) {
    case LockKind::spin_lock:  // has a bugcheck of its own
    case LockKind::mutant:     // its owner may take it again
      return false;
    case LockKind::resource:
      return held.shared && !use.shared;
    default:
      return !held.shared || !use.shared;
  }
}

}  // namespace

void NTAPI lock_initialized(LockUse const& given) noexcept {
  Books books;
  if (!books) return;
  LockUse const use = books.of_caller(given);
  if (LockIndex const known = books->find(use.lock); known != 0) {
    if ((*books)[known].holders != 0) {
      LockIndex const holder = books->find_holder(use.lock, nullptr);
      return books.misuse(Rule::initialize_owned, use, books->held(holder), use.lock);
    }
    books->forget(known);
  }
  static_cast<void>(books.learn(use, use.at));
}

void NTAPI before_lock(LockUse const& given) noexcept {
  Books books;
  if (!books) return;
  LockUse const use = books.of_caller(given);
  LockIndex const lock = books.know(use);
  if (lock == 0) return;
  if ((*books)[lock].kind != use.kind) {
    LockIndex const holder = books->find_holder(use.lock, nullptr);
    return books.misuse(Rule::acquire_mismatch, use, books->held(holder), use.lock);
  }
  if (LockIndex const again = books.find_held(use.lock); again != 0) {
    HeldLock const& held = books->held(again);
    if (waits_for_itself(use, held)) books.misuse(Rule::self_deadlock, use, held, use.lock);
    return;
  }
  bool news = books.note_held(lock, place_of(use), books.level());
  if (books.context() != 0) news |= books.note_taken(lock, place_of(use));
  for (LockIndex index = books.first(); index != 0; index = books->held(index).next) {
    HeldLock const& outer = books->held(index);
    if (outer.context != books.context()) continue;
    Books::Order const order = books.note_order(lock, use, outer);
    if (order == Books::Order::circle) return books.report.set(Rule::lock_order, use.lock);
    news |= order == Books::Order::news;
  }
  if (news) books.judge_levels(Rule::lock_level, lock);
}

void NTAPI lock_taken(LockUse const& given) noexcept {
  Books books;
  if (!books) return;
  LockUse const use = books.of_caller(given);
  LockIndex const lock = books.know(use);
  if (lock == 0) return;
  if (LockIndex const again = books.find_held(use.lock); again != 0) {
    ++books->held(again).count;
    return;
  }
  static_cast<void>(books->hold({.next = 0,
                                 .first = &books.first(),
                                 .place = place_of(use),
                                 .thread = &books.thread(),
                                 .kind = use.kind,
                                 .shared = use.shared,
                                 .raises = use.raises,
                                 .context = books.context(),
                                 .level = books.level(),
                                 .count = 1}));
  if (books.note_held(lock, place_of(use), books.level()))
    books.judge_levels(Rule::lock_level, lock);
}

void NTAPI lock_released(LockUse const& given, KIRQL level) noexcept {
  Books books;
  if (!books) return;
  LockUse const use = books.of_caller(given);
  LockIndex const record = books.find_held(use.lock);
  if (record == 0) return;
  HeldLock const held = books->held(record);
  if (held.kind != use.kind) return books.misuse(Rule::release_mismatch, use, held, use.lock);
  if (--books->held(record).count != 0) return;
  // What was taken later stands before it, and would be left where it may not be held.
  for (LockIndex later = books.first(); later != record; later = books->held(later).next) {
    HeldLock const& other = books->held(later);
    if (level >= lowest_level(other)) continue;
    books.misuse(Rule::release_order, use, other, use.lock, other.place.lock);
    break;
  }
  books->let_go(record);
}

void NTAPI lock_abandoned(void const* lock) noexcept {
  Books books;
  if (!books) return;
  if (LockIndex const record = books.find_held(lock); record != 0) books->let_go(record);
}

void NTAPI lock_released_for(void const* lock, void const* thread) noexcept {
  Books books;
  if (!books) return;
  LockIndex const record = books->find_holder(lock, thread);
  if (record != 0 && --books->held(record).count == 0) books->let_go(record);
}

void NTAPI lock_deleted(void const* lock) noexcept {
  Books books;
  if (!books) return;
  if (LockIndex const known = books->find(lock); known != 0) books->forget(known);
}

void NTAPI lock_converted(void const* lock, bool shared) noexcept {
  Books books;
  if (!books) return;
  if (LockIndex const record = books.find_held(lock); record != 0)
    books->held(record).shared = shared;
}

void NTAPI level_falls(KIRQL level) noexcept {
  Books books;
  if (!books) return;
  for (LockIndex index = books.first(); index != 0; index = books->held(index).next) {
    HeldLock const& held = books->held(index);
    LockIndex const lock = books->find(held.place.lock);
    if (books.note_held(lock, held.place, level)) books.judge_levels(Rule::lock_level, lock);
    if (books.report.found) return;
  }
}

void NTAPI lock_memory_freed(void const* memory, std::size_t bytes) noexcept {
  if (!locks_checked()) return;
  Books books;
  if (!books) return;
  while (LockIndex const lock = books->find_within(memory, bytes)) {
    KnownLock const known = (*books)[lock];
    if (known.holders != 0) {
      HeldLock const& held = books->held(books->find_holder(known.lock, nullptr));
      LockUse const use{.lock = known.lock, .kind = known.kind, .at = held.place.at};
      return books.misuse(Rule::delete_owned, use, held, known.lock, held.thread);
    }
    books->forget(lock);
  }
}

void NTAPI drop_locks_of(Thread& thread) noexcept {
  Books books;
  if (!books) return;
  while (thread.held_locks != 0) books->let_go(thread.held_locks);
}

void NTAPI check_locks_at_end(Thread& thread) noexcept {
  Books books;
  if (!books) return;
  for (LockIndex index = thread.held_locks; index != 0; index = books->held(index).next) {
    HeldLock const& held = books->held(index);
    if (held.kind == LockKind::mutant) continue;  // has rules of its own
    LockUse const use{.lock = held.place.lock, .kind = held.kind, .at = held.place.at};
    return books.misuse(Rule::end_owning, use, held, &thread, held.place.lock);
  }
  while (thread.held_locks != 0) books->let_go(thread.held_locks);
  while (LockIndex const lock = books->find_within(thread.stack.base, thread.stack.bytes))
    books->forget(lock);
}

namespace {

// Others may look meanwhile: they go by the tables, under the lock.
void set_checked(bool on) noexcept {
  State& ke = state();
  for (ULONG number = 0; number < ke.count; ++number)
    *const_cast<bool volatile*>(&ke.processors[number].checks_locks) = on;
}

LockTables* exchange_tables(LockTables* next) noexcept {
  RaiseToHigh raised;
  LockCheckState& checks = state().lock_checks;
  SpinGuardAtDispatch guard{checks.lock};
  LockTables* const before = checks.tables;
  if (before != nullptr) before->let_all_go();
  checks.tables = next;
  return before;
}

}  // namespace

void NTAPI start_lock_checks(LockTables& tables) noexcept {
  static_cast<void>(exchange_tables(&tables));
  set_checked(true);
}

LockTables* NTAPI stop_lock_checks() noexcept {
  set_checked(false);
  return exchange_tables(nullptr);
}

}  // namespace mica::ke
