// A System as it stood where a window opened, to go on from there again and again.
//   Taken once, between two steps of the machine; restored after each execution, however that
//   ended. What comes back is what the execution changed: mappings, the lines of memory that
//   explored code wrote (their page is copied right before the first write to it), the part of each
//   stack that was in use, the machine's words in processors and contexts, the simulation, and
//   static variables of the test. Explored code tells of its writes; the machine's own are few and
//   known.
//   Whoever writes to the heap of the host, or to where no test's variables are, cannot be brought
//   back: whole() is false then, and the next execution needs a fresh System.
#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include "hal_host/simulation.hpp"

namespace mica::explore {

class Snapshot {
 public:
  Snapshot() = default;
  ~Snapshot();
  Snapshot(Snapshot const&) = delete;
  Snapshot& operator=(Snapshot const&) = delete;

  // While the simulation is paused.
  void take(hal_host::Simulation& simulation);
  [[nodiscard]] bool taken() const noexcept { return simulation_ != nullptr; }
  [[nodiscard]] bool whole() const noexcept { return whole_; }
  void restore() noexcept;

  // While its System runs, from its boot on, it hears of what happens on this OS thread.
  class Hearing {
   public:
    explicit Hearing(Snapshot& snapshot) noexcept {
      living_ = &snapshot;
      watching_ = snapshot.taken() ? &snapshot : nullptr;
    }
    ~Hearing() { living_ = watching_ = nullptr; }
    Hearing(Hearing const&) = delete;
    Hearing& operator=(Hearing const&) = delete;
  };
  [[nodiscard]] static Snapshot* living() noexcept { return living_; }
  // The one that wants to know of writes, before they are done.
  [[nodiscard]] static Snapshot* watching() noexcept { return watching_; }
  void writes(void const volatile* address, std::size_t bytes) {
    auto const at = reinterpret_cast<std::uintptr_t>(address);
    std::uintptr_t const first = (at - region_) >> line_shift;
    std::uintptr_t const last = (at + bytes - 1 - region_) >> line_shift;
    if (first >= lines_) [[unlikely]]
      return writes_outside(at, bytes);
    for (std::uintptr_t line = first; line <= last; ++line)
      if (!(pages_[line / lines_of_page].written & bit_of(line))) [[unlikely]]
        writes_first(line);
  }

  // Another page will be found there.
  void maps(void* address) noexcept {
    pages_[(reinterpret_cast<std::uintptr_t>(address) - region_) >> page_shift].written = 0;
  }

  // Contexts of threads, from when they are made until they are released; those of idle threads,
  // which nobody makes, when they are left.
  void made(Machine::Context& context);
  void released(Machine::Context& context);
  void left_idle(Machine::Context& context);

 private:
  struct Image {  // of bytes that are always put back
    std::byte* address;
    std::size_t bytes;
    std::size_t offset;  // in images_
  };
  struct Page {
    std::uint64_t written;  // lines
    std::uint32_t saved;    // where in saved_, if any is written
  };
  struct Unmap {
    std::size_t bytes;
    void operator()(Page* pages) const noexcept;
  };
  struct Saved {         // of a page
    std::byte* address;  // in the direct map
    std::unique_ptr<std::byte[]> content;
    std::uint64_t dirty;  // lines
  };
  struct Old {  // of a static variable
    std::uintptr_t address;
    std::uint64_t bytes;
    std::byte content[16];
  };

  static constexpr unsigned line_shift = 6;
  static constexpr std::size_t line_bytes = std::size_t{1} << line_shift;
  static constexpr std::size_t lines_of_page = page_size / line_bytes;  // a bit each in a word
  [[nodiscard]] static std::uint64_t bit_of(std::uintptr_t line) noexcept {
    return std::uint64_t{1} << line % lines_of_page;
  }

  [[nodiscard]] static std::unique_ptr<Page[], Unmap> map_zero(std::size_t pages);
  void keep(void* address, std::size_t bytes);
  void keep_stack(void* saved, hal_host::Strand const& bounds);
  void keep_stacks();
  void writes_first(std::uintptr_t line);
  [[nodiscard]] std::uint32_t save(std::uintptr_t page);
  void writes_outside(std::uintptr_t address, std::size_t bytes);

  static constinit thread_local Snapshot* living_;
  static constinit thread_local Snapshot* watching_;

  hal_host::Simulation* simulation_ = nullptr;
  std::vector<Machine::Context*> contexts_;
  std::vector<Machine::Context*> idle_;
  hal_host::Simulation::Image image_;
  std::vector<Image> kept_;
  std::vector<std::byte> images_;
  std::uintptr_t region_ = 0;
  std::uintptr_t lines_ = 0;
  std::unique_ptr<Page[], Unmap> pages_;  // of the region
  std::vector<std::uintptr_t> writes_;    // pages, since the window opened
  std::vector<Saved> saved_;
  std::unordered_map<std::byte*, std::uint32_t> saved_at_;  // by address: where in saved_
  std::vector<std::uint32_t> dirty_;                        // which of them
  std::vector<hal_host::Region::Change> journal_;
  std::vector<Old> statics_;  // in the order of their writes
  bool whole_ = true;
};

inline void tell_snapshot(void const volatile* address, std::size_t bytes) {
  if (Snapshot* const snapshot = Snapshot::watching()) snapshot->writes(address, bytes);
}

}  // namespace mica::explore
