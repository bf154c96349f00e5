// Instructions that were emulated once are patched: what a driver does is the same, but for the
// faults that there are no more.
#include <catch.hpp>
#include <mica/driver.hpp>
#include <mica/fault.hpp>
#include <mica/system.hpp>
#include <mica/test.hpp>

#include <signal.h>

#include <array>
#include <atomic>
#include <cstring>
#include <string>
#include <utility>

#include <nt/ntstatus.h>

#include "drivers/image.hpp"
#include "hal_host/simulation.hpp"
#include "ldr/loaded_image.hpp"

using namespace mica;

namespace {

std::atomic<unsigned> faults{0};

// Faults are counted on their way to the library.
class CountsFaults {
 public:
  CountsFaults() {
    struct sigaction action {};
    action.sa_sigaction = [](int, siginfo_t* information, void* context) {
      ++faults;
      if (!take_fault(*information, context)) ::signal(SIGSEGV, SIG_DFL);
    };
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    ::sigaction(SIGSEGV, &action, &before_);
    faults = 0;
  }
  CountsFaults(CountsFaults const&) = delete;
  CountsFaults& operator=(CountsFaults const&) = delete;
  ~CountsFaults() { ::sigaction(SIGSEGV, &before_, nullptr); }

 private:
  struct sigaction before_ {};
};

// Of what the driver says: what it gets, and where it is when it does not. Where is counted twice:
// by the exception's address, and by the context's.
constexpr char const* said[] = {
    "again: ReadThenCall 4d\n",
    "again: RaiseAndBack 2\n",
    "again: KeepFlags 101\n",
    "again: Raise c0000005 at 8 of ffffffffffffffff, level 0\n",
    "again: RaiseAndBack c0000005 at 8 of ffffffffffffffff, level 0\n",
    "again: queued 15\n",
    "again: thread 1\nagain: NumberByte 11223344556677",
    "again: ByRegister c0000005 at 0 of 123456789a, level 0\n",
    "again: LoadByte ffffffffffffff0a\n",
    "again: CompareShared 100\n",
    "again: LoadHere 1122334455667788\n",
    "again: Load c0000005 at 0 of 20, level 0\n",
    "again: LoadHere c0000005 at 6 of 30, level 0\n",
    "again: CompareShared c0000005 at 2 of 2bc, level 0\n",
    "again: Off 2a\n",
    "again: Model c0000005 at 6 of ffffffffffffffff, level 0\n",
    "again: SetMode c0000005 at c of ffffffffffffffff, level 0\n",
    "again: left c000000d 1235\nagain: left 00000000 1236\nagain: left c000000d 1237\n",
};

struct Story {
  std::string log;
  std::uint64_t hash, steps;
  unsigned faults;

  friend bool operator==(Story const&, Story const&) = default;
};

Story story_of(Config const& config) {
  System system{config};
  // The signals are the library's from the first driver on; ours counts before it.
  Driver first = system.load(test::image_of("beat"), "beat");
  CountsFaults const counts;
  try {
    // Where one stood the next one comes to stand.
    for (char const* const name : {"again", "processor", "again"}) {
      Driver driver = system.load(test::image_of(name), name);
      CHECK(driver.entry_status() == STATUS_SUCCESS);
      CHECK(driver.unload() == STATUS_SUCCESS);
    }
  } catch (Failure const& failure) {
    FAIL(failure.outcome().report() << "\n" << system.log());
  }
  CHECK(first.unload() == STATUS_SUCCESS);
  return {std::string{system.log()}, system.trace_hash(), system.steps(), faults};
}

// The first page of the driver's code, behind its headers.
unsigned char* code_page() {
  ldr::LoadedImage image{};
  for (unsigned slot = 0; slot < ldr::most_images; ++slot)
    if (ldr::image_in(slot, image) && std::string_view{image.name()} == "again")
      return reinterpret_cast<unsigned char*>(image.base) + page_size;
  return nullptr;
}

[[nodiscard]] bool is_anything_patched() {
  hal_host::PatchArea& area = Machine::current().core.simulation->region().patches();
  return area.in(1, ~std::uint64_t{0}) != nullptr;
}

using Page = std::array<unsigned char, page_size>;

// The page as it is once the driver has run, and as it is when it may be written.
std::pair<Page, Page> pages_of(Privileged privileged) {
  System system{{.privileged = privileged}};
  Driver driver = system.load(test::image_of("again"), "again");
  std::pair<Page, Page> pages{};
  system.run([&] {
    unsigned char* const code = code_page();
    MICA_REQUIRE(code != nullptr);
    std::memcpy(pages.first.data(), code, page_size);
    MICA_CHECK(is_anything_patched() == (privileged == Privileged::patched));
    Machine::protect(code, hal::Protection::read_write);
    std::memcpy(pages.second.data(), code, page_size);
    Machine::protect(code, hal::Protection::execute);
  });
  CHECK(driver.unload() == STATUS_SUCCESS);
  return pages;
}

[[nodiscard]] std::size_t differences(Page const& left, Page const& right) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < page_size; ++i) count += left[i] != right[i] ? 1 : 0;
  return count;
}

}  // namespace

TEST_CASE("patch: a page that may be written has its instructions", "[hal_host]") {
  auto const [file, writable_file] = pages_of(Privileged::emulated);
  CHECK(file == writable_file);
  auto const [patched, writable] = pages_of(Privileged::patched);
  constexpr std::size_t nothing_bytes = 1 + 1 + 2;  // cli, sti, wbinvd
  CHECK(differences(writable, file) == nothing_bytes);
  CHECK(differences(patched, file) > 60);
}

TEST_CASE("patch: nothing is patched of what is unloaded", "[hal_host]") {
  System system;
  Driver driver = system.load(test::image_of("again"), "again");
  system.run([] { MICA_CHECK(is_anything_patched()); });
  CHECK(driver.unload() == STATUS_SUCCESS);
  system.run([] { MICA_CHECK(!is_anything_patched()); });
}

TEST_CASE("patch: where several threads may execute a driver it is not patched", "[hal_host]") {
  System system{{.processors = 2, .mode = Mode::parallel}};
  Driver driver = system.load(test::image_of("again"), "again");
  CHECK(driver.entry_status() == STATUS_SUCCESS);
  system.run([] { MICA_CHECK(!is_anything_patched()); });
  CHECK(driver.unload() == STATUS_SUCCESS);
}

TEST_CASE("patch: what a driver does is the same with and without", "[hal_host]") {
  for (unsigned const processors : {1u, 3u})
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
      Story patched = story_of({.processors = processors, .seed = seed});
      Story emulated =
          story_of({.processors = processors, .seed = seed, .privileged = Privileged::emulated});
      INFO(patched.faults << " of " << emulated.faults);
      CHECK(patched.faults < emulated.faults / 2);
      patched.faults = emulated.faults = 0;
      CHECK(patched.log == emulated.log);
      CHECK(emulated.log.find("another") == std::string::npos);
      for (char const* const each : said) {
        INFO(each);
        CHECK(emulated.log.find(each) != std::string::npos);
      }
      CHECK((patched == emulated));
    }
}
