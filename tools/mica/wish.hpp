// What the command line of `mica explore` asks for, and what that is to the program that is run.
#pragma once

#include <chrono>
#include <deque>
#include <filesystem>

#include "child.hpp"
#include "results.hpp"

namespace CLI {
class App;
}

namespace mica::tool {

// What is explored of a driver: `mica explore DRIVER --script FILE`.
struct DriverWish {
  std::string image;  // as it was typed
  std::string script, name;
  std::optional<unsigned> processors;
  std::string points = "calls";
  bool verifier = false;
  bool traps = false;
};

struct Wish {
  std::filesystem::path program;
  std::string pattern;
  std::vector<std::string> arguments;  // of the program
  std::string strategy, memory, shard_text, json, replay;
  DriverWish driver;
  std::optional<unsigned> preemptions;
  std::optional<double> seconds;
  std::optional<std::uint64_t> executions, distinct, seed;
  Shard shard;
  unsigned workers = 1;
  unsigned patience = 120;
  std::filesystem::path checkpoints, reports;
  bool resume = false;
  bool no_races = false;
  bool list = false;

  void add_options(CLI::App& command);
  // What no option's own check sees. Throws Wrong.
  void check();
  [[nodiscard]] bool of_driver() const noexcept { return !driver.script.empty(); }
  // The command that makes this execution of a driver's again.
  [[nodiscard]] std::string again(std::string const& replay) const;

  // The program asked for its names.
  [[nodiscard]] Command listing() const;
  // The program asked for one job, in so much time.
  [[nodiscard]] Command command(Job const& job, std::optional<double> most_seconds) const;
  [[nodiscard]] std::filesystem::path checkpoint(Job const& job) const;
  // What bears on the results, for whoever reads them.
  [[nodiscard]] nlohmann::ordered_json asked() const;
};

// `program` was a driver: now it is the program that explores drivers, with that one as argument.
// Throws Wrong; what came of it, if the driver cannot be loaded and unloaded, is printed, and
// nothing is explored.
[[nodiscard]] bool take_driver(Wish& wish);

// Divides --seconds among the jobs: what one leaves of its share, the next ones have.
class Budget {
 public:
  explicit Budget(Wish const& wish) : wish_{wish} {}
  [[nodiscard]] std::optional<double> share(std::size_t left) const;

 private:
  Wish const& wish_;
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

// Makes the folders; throws Wrong when what is there does not agree with --resume.
void prepare_checkpoints(Wish const& wish, std::deque<Job> const& jobs);

// Of the tree that the tool is used in, "-changed" after it when it is; nothing outside one.
[[nodiscard]] std::string commit();

}  // namespace mica::tool
