// Pages of the system space, once the kernel runs: tables are reached through the direct map.
#include "hal_x64/paging.hpp"

#include <utility>

#include "hal_x64/instructions.hpp"
#include "hal_x64/layout.hpp"
#include "hal_x64/page_table.hpp"
#include "hal_x64/trap.hpp"

namespace mica {

namespace hal_x64 {

namespace {

// Table pages that were asked for and then not needed, linked through their first word. A leaf
// lock: nothing is called while it is held, so map() may be called under any lock of mm.
class SpareTables {
 public:
  PageNumber pop() noexcept {
    Hold const hold{held_};
    if (first_ == no_page) return no_page;
    PageNumber const page = first_;
    first_ = PageNumber{~std::exchange(link(page), 0)};
    return page;
  }
  void push(PageNumber page) noexcept {
    Hold const hold{held_};
    link(page) = ~first_.value;  // complemented: the end of the list leaves the page zeroed
    first_ = page;
  }

 private:
  class Hold {
   public:
    explicit Hold(std::atomic<std::uint32_t>& word) noexcept
        : word_{word}, enabled_{Machine::disable_interrupts()} {
      while (word_.exchange(1, std::memory_order_acquire) != 0) pause();
    }
    ~Hold() {
      word_.store(0, std::memory_order_release);
      Machine::restore_interrupts(enabled_);
    }
    Hold(Hold const&) = delete;
    Hold& operator=(Hold const&) = delete;

   private:
    std::atomic<std::uint32_t>& word_;
    bool enabled_;
  };

  static std::uint64_t& link(PageNumber page) noexcept {
    return *reinterpret_cast<std::uint64_t*>(Machine::direct(address_of(page)));
  }

  std::atomic<std::uint32_t> held_{0};
  PageNumber first_ = no_page;
};
constinit SpareTables spare_tables{};

PageNumber table_page() noexcept {
  PageNumber const spare = spare_tables.pop();
  return spare != no_page ? spare : handlers().table_page();
}

constexpr TableSource growing{direct_base, table_page,
                              [](PageNumber page) noexcept { spare_tables.push(page); }};
constexpr TableSource existing{direct_base, nullptr, nullptr};

std::uint64_t* entry_of(void const* address, TableSource const& source) noexcept {
  return find_entry(kernel_root(), reinterpret_cast<std::uint64_t>(address), 1, source);
}

}  // namespace

}  // namespace hal_x64

hal::VirtualRange Machine::system_space() noexcept {
  return {reinterpret_cast<std::byte*>(hal_x64::system_base), hal_x64::system_bytes};
}

bool Machine::map(void* address, PageNumber page, hal::Protection protection) noexcept {
  std::uint64_t* const entry = hal_x64::entry_of(address, hal_x64::growing);
  if (!entry) return false;
  hal_x64::store_entry(entry, address_of(page).value | hal_x64::bits_of(protection));
  return true;
}

void Machine::unmap(void* address) noexcept {
  if (std::uint64_t* const entry = hal_x64::entry_of(address, hal_x64::existing))
    hal_x64::store_entry(entry, 0);
  hal_x64::invalidate_page(address);
}

void Machine::protect(void* address, hal::Protection protection) noexcept {
  if (std::uint64_t* const entry = hal_x64::entry_of(address, hal_x64::existing)) {
    hal_x64::store_entry(entry, (*entry & hal_x64::entry_address) | hal_x64::bits_of(protection));
  }
  hal_x64::invalidate_page(address);
}

}  // namespace mica
