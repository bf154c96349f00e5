#include "explore/memory.hpp"

#include <algorithm>

#include "explore/dependence.hpp"
#include "explore/detector.hpp"
#include "explore/orders.hpp"

namespace mica::explore {

constinit thread_local Memory* Memory::watching_ = nullptr;

std::string_view name_of(MemoryModel model) noexcept {
  static constexpr std::string_view names[] = {"sequential", "x86", "cxx20"};
  return names[static_cast<unsigned>(model)];
}

std::optional<MemoryModel> memory_model_of(std::string_view name) noexcept {
  for (MemoryModel const model : {MemoryModel::sequential, MemoryModel::x86, MemoryModel::cxx20})
    if (name_of(model) == name) return model;
  return {};
}

void Memory::Standing::join(Standing const& other) {
  seen.join(other.seen);
  offered.join(other.offered);
  promised.join(other.promised);
  moment = std::max(moment, other.moment);
}

void Memory::Standing::clear() noexcept {
  seen.clear();
  offered.clear();
  promised.clear();
  moment = 0;
}

Memory& Memory::here() {
  static thread_local std::unique_ptr<Memory> memory = std::make_unique<Memory>();
  return *memory;
}

void Memory::prepare(MemoryModel model, MemoryFlaw flaw) noexcept {
  model_ = model;
  flaw_ = flaw;
}

void Memory::open(Policy& asked) {
  if (model_ == MemoryModel::sequential) return;
  asked_ = &asked;
  now_ = 0;
  history_.clear();
  order_.clear();
  for (Standing& standing : processors_) standing.clear();
  for (auto& levels : requests_)
    for (Standing& standing : levels) standing.clear();
  threads_.clear();
  watching_ = this;
}

Memory::Standing& Memory::me() noexcept {
  return processors_[Machine::processor_number()];
}

// Idle threads are entered without a context of their own: the machine calls all of them 0.
Memory::Standing& Memory::thread(std::uint64_t context_id) {
  std::size_t const index =
      context_id == 0 ? Machine::processor_number() : hal_host::max_processors + context_id;
  if (index >= threads_.size()) threads_.resize(index + 1);
  return threads_[index];
}

void Memory::joins_order(int order) {
  if (model_ == MemoryModel::cxx20 && order != __ATOMIC_SEQ_CST) return;
  // The first page is nobody's memory, and its first cells are interrupt wires.
  static auto const* const place = reinterpret_cast<void const*>(std::uintptr_t{1024});
  if (Listener* const listener = Listener::hearing()) listener->accessed(place, 1, true, false);
}

void Memory::drain() {
  if (model_ != MemoryModel::x86) return;
  joins_order(__ATOMIC_SEQ_CST);
  me().moment = now_;
}

AtomicWord& Memory::word(void const volatile* address, std::size_t bytes) {
  bool mixed = false;
  AtomicWord& word = history_.word(address, bytes, now_, mixed);
  if (mixed) drain();
  return word;
}

// How many stores a load may choose from, the newest first.
unsigned Memory::readable(AtomicWord const& word, int order) noexcept {
  Standing const& standing = me();
  unsigned const processor = Machine::processor_number();
  unsigned count = 1;
  if (model_ == MemoryModel::x86) {
    for (; count < word.count(); ++count) {
      Store const& newer = word.aged(count - 1);
      if (newer.processor == processor || newer.number <= standing.moment) break;
    }
    return count;
  }
  std::uint32_t oldest = flaw_ == MemoryFlaw::incoherent ? 0 : standing.seen.at(word.number);
  if (order == __ATOMIC_SEQ_CST && flaw_ != MemoryFlaw::plain_seq_cst)
    oldest = std::max(oldest, order_.at(word.number));
  while (count < word.count() && word.aged(count).number >= oldest) ++count;
  return count;
}

void Memory::read(AtomicWord const& word, Store const& store, int order) {
  Standing& standing = me();
  if (model_ == MemoryModel::x86) {
    if (store.processor != Machine::processor_number())
      standing.moment = std::max(standing.moment, store.number);
    return;
  }
  standing.seen.raise(word.number, store.number);
  (acquires(order) ? standing.seen : standing.offered).join(store.view);
  if (order == __ATOMIC_SEQ_CST) order_.raise(word.number, store.number);
}

// The race detector's clock of the store that was the newest goes where its value goes.
Store& Memory::add(AtomicWord& word, std::uint64_t old, void const volatile* address) {
  Store& before = word.aged(0);
  before.value = old;
  if (Detector* const detector = Detector::watching()) detector->keep(address, &before);
  Store& store = word.add();
  store.number = ++now_;
  store.processor = Machine::processor_number();
  word.stale = 0;
  return store;
}

Store const* Memory::load(void const volatile* address, std::size_t bytes, int order) {
  if (order == __ATOMIC_SEQ_CST && model_ == MemoryModel::cxx20) joins_order(order);
  AtomicWord& from = word(address, bytes);
  unsigned const count = readable(from, order);
  unsigned age = 0;
  if (count > 1 && from.stale < patience)
    age = asked_->choose(Choice::load, {.count = count, .processors = 0, .current = 0});
  from.stale = age == 0 ? 0 : from.stale + 1;
  Store const& store = from.aged(age);
  read(from, store, order);
  return age == 0 ? nullptr : &store;
}

void Memory::look(void const volatile* address, std::size_t bytes, int order) {
  joins_order(order);
  AtomicWord const& from = word(address, bytes);
  read(from, from.aged(0), order);
  drain();
}

void Memory::store(void const volatile* address, std::size_t bytes, std::uint64_t old, int order) {
  joins_order(order);
  AtomicWord& into = word(address, bytes);
  Store& store = add(into, old, address);
  Standing& standing = me();
  standing.seen.raise(into.number, store.number);
  if (order == __ATOMIC_SEQ_CST) {
    order_.raise(into.number, store.number);
    drain();
  }
  store.view.join(releases(order) ? standing.seen : standing.promised);
}

// Continues the release sequence that it reads from.
void Memory::update(void const volatile* address, std::size_t bytes, std::uint64_t old, int order) {
  joins_order(order);
  AtomicWord& into = word(address, bytes);
  Store const& before = into.aged(0);
  read(into, before, order);
  Store& store = add(into, old, address);
  Standing& standing = me();
  standing.seen.raise(into.number, store.number);
  if (order == __ATOMIC_SEQ_CST) order_.raise(into.number, store.number);
  if (flaw_ != MemoryFlaw::cut_sequences) store.view.join(before.view);
  store.view.join(releases(order) ? standing.seen : standing.promised);
  drain();
}

void Memory::fence(int order) {
  Standing& standing = me();
  if (order == __ATOMIC_SEQ_CST && flaw_ != MemoryFlaw::unfenced) drain();
  if (acquires(order)) standing.seen.join(standing.offered);
  if (order == __ATOMIC_SEQ_CST && flaw_ != MemoryFlaw::plain_seq_cst) {
    joins_order(order);
    standing.seen.join(order_);
    order_.join(standing.seen);
  }
  if (releases(order)) standing.promised = standing.seen;
}

void Memory::accessed(void const volatile* address, std::size_t bytes, bool writes,
                      bool is_volatile) {
  if (is_volatile) drain();
  if (writes) history_.restart(reinterpret_cast<std::uintptr_t>(address), bytes, now_);
}

void Memory::forget(std::uintptr_t from, std::uintptr_t to) noexcept {
  history_.restart(from, to - from, now_);
}

void Memory::requested(unsigned processor, KIRQL level) {
  drain();
  requests_[processor][level].seen.join(me().seen);
}

void Memory::began(unsigned processor, KIRQL level) {
  me().seen.join(requests_[processor][level].seen);
  drain();
}

void Memory::ended() {
  drain();
}

void Memory::made(std::uint64_t context_id) {
  Standing const& maker = me();
  Standing& made = thread(context_id);
  made.clear();
  made.seen.join(maker.seen);
  made.moment = now_;
}

void Memory::switched(std::uint64_t from_id, std::uint64_t to_id) {
  Standing& here = me();
  Standing& left = thread(from_id);
  left = here;
  left.moment = now_;
  here.join(thread(to_id));
}

void Memory::awaits(hal_host::Guard const& guard) noexcept {
  guards_[Machine::processor_number()] = guard;
}

void Memory::awaited() {
  hal_host::Guard& guard = guards_[Machine::processor_number()];
  if (!guard.word) return;
  AtomicWord const& from = word(guard.word, guard.bytes);
  read(from, from.aged(0), __ATOMIC_RELAXED);
  guard.word = nullptr;
}

}  // namespace mica::explore
