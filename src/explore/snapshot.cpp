#include "explore/snapshot.hpp"

#include <link.h>
#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <new>

namespace mica::explore {

constinit thread_local Snapshot* Snapshot::living_ = nullptr;
constinit thread_local Snapshot* Snapshot::watching_ = nullptr;

namespace {

// Whether static variables of the program stand there, or of a library that it loaded.
bool holds_statics(std::uintptr_t address) noexcept {
  struct Search {
    std::uintptr_t address;
    bool found;
  } search{address, false};
  dl_iterate_phdr(
      [](dl_phdr_info* object, std::size_t, void* argument) {
        auto& wanted = *static_cast<Search*>(argument);
        for (int i = 0; i < object->dlpi_phnum; ++i) {
          auto const& segment = object->dlpi_phdr[i];
          if (segment.p_type != PT_LOAD || !(segment.p_flags & PF_W)) continue;
          std::uintptr_t const first = object->dlpi_addr + segment.p_vaddr;
          if (wanted.address - first < segment.p_memsz) return int{wanted.found = true};
        }
        return 0;
      },
      &search);
  return search.found;
}

}  // namespace

Snapshot::~Snapshot() {
  if (simulation_) simulation_->region().keep_journal(nullptr);
}

void Snapshot::made(Machine::Context& context) {
  if (!taken()) contexts_.push_back(&context);
}

void Snapshot::released(Machine::Context& context) {
  if (!taken()) std::erase(contexts_, &context);
}

void Snapshot::left_idle(Machine::Context& context) {
  if (!taken() && std::find(idle_.begin(), idle_.end(), &context) == idle_.end())
    idle_.push_back(&context);
}

void Snapshot::keep(void* address, std::size_t bytes) {
  auto* const from = static_cast<std::byte*>(address);
  kept_.push_back({from, bytes, images_.size()});
  images_.insert(images_.end(), from, from + bytes);
}

// From where the flow was left upwards: what is below is free. A stack that was left for another is
// kept whole: where is not known.
void Snapshot::keep_stack(void* saved, hal_host::Strand const& bounds) {
  auto const top = reinterpret_cast<std::uintptr_t>(bounds.bottom) + bounds.bytes;
  auto const first = reinterpret_cast<std::uintptr_t>(saved);
  keep(saved, top - first);
  for (hal_host::Strand const* outer = bounds.outer; outer != nullptr; outer = outer->outer)
    keep(const_cast<void*>(outer->bottom), outer->bytes);
}

void Snapshot::keep_stacks() {
  auto const has = [](void* saved, hal_host::Strand const& bounds) {
    auto const bottom = reinterpret_cast<std::uintptr_t>(bounds.bottom);
    return bottom && reinterpret_cast<std::uintptr_t>(saved) - bottom < bounds.bytes;
  };
  auto const seats = simulation_->seats();
  for (hal_host::Seat const& seat : seats)
    if (seat.block) keep_stack(seat.suspended, seat.flow());
  for (Machine::Context* const context : contexts_)
    if (void* const saved = context->saved) keep_stack(saved, context->strand);
  for (Machine::Context* const context : idle_)
    for (hal_host::Seat const& seat : seats)
      if (void* const saved = context->saved; has(saved, seat.first.strand))
        keep_stack(saved, seat.first.strand);
}

// Most pages are never written: what is mapped is there, and zero, once it is touched.
std::unique_ptr<Snapshot::Page[], Snapshot::Unmap> Snapshot::map_zero(std::size_t pages) {
  std::size_t const bytes = pages * sizeof(Page);
  void* const mapped = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped == MAP_FAILED) throw std::bad_alloc{};
  return {static_cast<Page*>(mapped), {bytes}};
}

void Snapshot::Unmap::operator()(Page* pages) const noexcept {
  munmap(pages, bytes);
}

void Snapshot::take(hal_host::Simulation& simulation) {
  simulation_ = &simulation;
  simulation.save(image_);
  hal_host::Region& region = simulation.region();
  region_ = reinterpret_cast<std::uintptr_t>(region.all().data());
  lines_ = region.all().size() >> line_shift;
  pages_ = map_zero(lines_ / lines_of_page);
  for (hal_host::Seat const& seat : simulation.seats())
    if (seat.block) keep(&seat.block->core, sizeof seat.block->core);
  for (Machine::Context* const context : contexts_) keep(context, sizeof *context);
  for (Machine::Context* const context : idle_) keep(context, sizeof *context);
  keep_stacks();
  region.keep_journal(&journal_);
  watching_ = this;
}

void Snapshot::writes_first(std::uintptr_t line) {
  std::uintptr_t const number = line / lines_of_page;
  Page& page = pages_[number];
  if (page.written == 0) {
    writes_.push_back(number);
    page.saved = save(number);
  }
  page.written |= bit_of(line);
  Saved& saved = saved_[page.saved];
  if (saved.dirty == 0) dirty_.push_back(page.saved);
  saved.dirty |= bit_of(line);
}

// A page may be found at several addresses: it is saved once.
std::uint32_t Snapshot::save(std::uintptr_t page) {
  auto* const address = static_cast<std::byte*>(simulation_->region().direct_address(
      reinterpret_cast<void*>(region_ + (page << page_shift))));
  auto const [found, fresh] = saved_at_.try_emplace(address, saved_.size());
  if (fresh) {
    saved_.push_back({address, std::make_unique_for_overwrite<std::byte[]>(page_size), 0});
    std::memcpy(saved_.back().content.get(), address, page_size);
  }
  return found->second;
}

void Snapshot::writes_outside(std::uintptr_t address, std::size_t bytes) {
  if (bytes > sizeof(Old::content) || !holds_statics(address)) {
    whole_ = false;
    return;
  }
  Old old{address, bytes, {}};
  std::memcpy(old.content, reinterpret_cast<void const*>(address), bytes);
  statics_.push_back(old);
}

// Mappings before what stands there; pages before what is kept of them in finer pieces.
void Snapshot::restore() noexcept {
  hal_host::Region& region = simulation_->region();
  region.take_back(journal_);
  for (std::uintptr_t const page : writes_) pages_[page].written = 0;
  writes_.clear();
  for (std::uint32_t const index : dirty_) {
    Saved& saved = saved_[index];
    for (; saved.dirty != 0; saved.dirty &= saved.dirty - 1) {
      std::size_t const offset = static_cast<unsigned>(std::countr_zero(saved.dirty)) * line_bytes;
      std::memcpy(saved.address + offset, saved.content.get() + offset, line_bytes);
    }
  }
  dirty_.clear();
  for (; !statics_.empty(); statics_.pop_back()) {
    Old const& old = statics_.back();
    std::memcpy(reinterpret_cast<void*>(old.address), old.content, old.bytes);
  }
  for (Image const& kept : kept_)
    std::memcpy(kept.address, images_.data() + kept.offset, kept.bytes);
  simulation_->load(image_);
}

}  // namespace mica::explore
