// The program that `mica explore DRIVER --script FILE` runs: explores what the threads of a script
// do to a driver, as the environment asks for (explore/settings.hpp).
//   DRIVER SCRIPT NAME PROCESSORS POINTS OPTIONS: the service's name, `calls` or `all`, and the
//   kernel's command line.
//   The window opens where the script makes its first thread, and is open until the driver has been
//   unloaded. The driver is not instrumented, so races are not looked for, and each execution has a
//   System of its own.
#include <fmt/format.h>
#include <nt/ntifs.h>
#include <mica/test.hpp>

#include <deque>
#include <optional>

#include "explore/calls.hpp"
#include "explore/exploring.hpp"
#include "files.hpp"
#include "harness/named_places.hpp"
#include "init/drivers.hpp"
#include "io/driver.hpp"
#include "player.hpp"
#include "script_file.hpp"
#include "symbols_file.hpp"
#include "wrong.hpp"

namespace mica::tool {
namespace {

struct Asked {
  std::string driver, script, name;
  unsigned processors;
  explore::Points points;
  std::string options;
};

Asked asked_of(char** arguments) {
  return {arguments[1],
          arguments[2],
          arguments[3],
          static_cast<unsigned>(std::stoul(arguments[4])),
          std::string_view{arguments[5]} == "all" ? explore::Points::all : explore::Points::calls,
          arguments[6]};
}

// Makes executions, one after the other. What it knows of one stays until the next: an execution
// that failed is told when it is over.
class Stager final : public Audience {
 public:
  explicit Stager(Asked const& asked)
      : asked_{asked},
        image_{contents(asked.driver)},
        symbols_{symbols_beside(asked.driver, image_)},
        script_{script_in(asked.script)} {}

  void execute(explore::Window& window) {
    player_.reset();
    window_ = &window;
    opened_ = false;
    calls_.emplace(window).hear();
    if (PDRIVER_OBJECT const driver = load()) {
      player_.emplace(driver, this);
      player_->perform(script_);
      if (!player_->unloaded()) static_cast<void>(io::unload_driver(*driver));
      test::sleep(settling);
    }
    if (opened_) window.close();
  }

  // Where each thread stood.
  [[nodiscard]] std::string told() const {
    std::string lines;
    if (!player_) return lines;
    for (auto const& [thread, where] : player_->current())
      lines += fmt::format("{} at {}\n", thread.empty() ? "the script" : "thread " + thread,
                           place_text(asked_.script, where));
    return lines;
  }

 private:
  static constexpr LONGLONG settling = 10 * test::millisecond_100ns;

  // Null, and that is a failure.
  [[nodiscard]] PDRIVER_OBJECT load() {
    std::vector<WCHAR> service{asked_.name.begin(), asked_.name.end()};
    auto const bytes = static_cast<USHORT>(service.size() * sizeof(WCHAR));
    io::DriverImage loaded{};
    PDRIVER_OBJECT driver = nullptr;
    ldr::Refusal const refusal = init::load_image(asked_.name, image_, symbols_, loaded);
    if (!refusal) name(loaded);
    NTSTATUS const status =
        refusal ? refusal.status : io::load_driver({bytes, bytes, service.data()}, loaded, driver);
    test::record(NT_SUCCESS(status), "the driver is loaded", asked_.driver.c_str(), 0);
    return NT_SUCCESS(status) ? driver : nullptr;
  }

  // The image, and within it what its symbols name.
  void name(io::DriverImage const& loaded) {
    window_->name(loaded.start, loaded.bytes, asked_.name.c_str());
    names_.clear();
    for (auto const& place :
         harness::named_places(*ldr::find_image(reinterpret_cast<std::uintptr_t>(loaded.start)))) {
      std::string const& kept = names_.emplace_back(asked_.name + "!" + place.name);
      window_->name(reinterpret_cast<void*>(place.begin), place.end - place.begin, kept.c_str());
    }
  }

  void thread_begins(std::string const& name) override {
    if (!name.empty()) window_->name(KeGetCurrentThread(), name.c_str());
  }
  void begins(script::Statement const& statement) override {
    if (!opened_ && std::holds_alternative<script::Thread>(statement.what)) {
      opened_ = true;
      window_->open();
    }
    window_->call();
  }
  void failed(FailedExpectation const& failure) override {
    // A check's place has no column of its own.
    std::string const line = fmt::format("{}:{}", asked_.script, failure.where.line);
    std::string const what = fmt::format("expected {}, found {}", failure.expected, failure.found);
    test::record(false, what.c_str(), line.c_str(), static_cast<int>(failure.where.column));
  }

  Asked const& asked_;
  std::vector<std::byte> const image_;
  std::vector<std::byte> const symbols_;
  std::deque<std::string> names_;  // of an execution's places, until the next one
  script::Script const script_;
  explore::Window* window_ = nullptr;
  bool opened_ = false;
  std::optional<explore::Calls> calls_;
  std::optional<Player> player_;
};

std::string hash_of(std::string const& path) {
  std::vector<std::byte> const bytes = contents(path);
  std::string_view const text{reinterpret_cast<char const*>(bytes.data()), bytes.size()};
  return fmt::format("{:016x}", std::hash<std::string_view>{}(text));
}

// Returns whether nothing was found.
bool explore_driver(Asked const& asked) {
  auto const settings = explore::Settings::from_environment();
  if (settings.list && settings.concerns(asked.name)) explore::list(asked.name, settings);
  if (settings.list || !settings.concerns(asked.name)) return true;
  Stager stager{asked};
  explore::Subject subject;
  subject.id = asked.name;
  subject.input = fmt::format(
      "driver {} script {} points {} options '{}'", hash_of(asked.driver), hash_of(asked.script),
      asked.points == explore::Points::all ? "all" : "calls", asked.options);
  subject.scenario.processors = asked.processors;
  subject.scenario.races = false;
  subject.scenario.resumes = false;
  subject.scenario.points = asked.points;
  subject.scenario.images = true;
  subject.scenario.options = asked.options;
  subject.scenario.body = [&](explore::Window& window) { stager.execute(window); };
  subject.scenario.tells = [&] { return stager.told(); };
  explore::Explored explored;
  if (!settings.replay.empty()) {
    explored = explore::replay(subject, settings);
  } else {
    explore::Plan const usual{.method = explore::Method::bounded, .bound = subject.bound};
    auto const plans = explore::plans_of(subject, {usual}, settings);
    if (plans.empty()) return true;
    explored = explore::explore(subject, plans.front(), settings);
  }
  if (explored.failed()) fmt::print("{}\n", explored.text);
  return !explored.failed();
}

}  // namespace
}  // namespace mica::tool

int main(int count, char** arguments) {
  using namespace mica::tool;
  constexpr int wanted = 7;
  if (count != wanted) {
    fmt::print(stderr, "usage: DRIVER SCRIPT NAME PROCESSORS POINTS OPTIONS\n");
    return wrong_use;
  }
  try {
    return explore_driver(asked_of(arguments)) ? nothing_found : failure_found;
  } catch (std::exception const& wrong) {
    fmt::print(stderr, "{}\n", wrong.what());
    return wrong_use;
  }
}
