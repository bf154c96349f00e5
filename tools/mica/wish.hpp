// What the command line of `mica explore` asks for, and what that is to the program that is run.
#pragma once

#include <CLI/CLI.hpp>

#include <chrono>
#include <deque>
#include <filesystem>

#include "child.hpp"
#include "results.hpp"

namespace mica::tool {

struct Wish {
  std::filesystem::path program;
  std::string pattern;
  std::vector<std::string> arguments;  // of the program
  std::string strategy, memory, shard_text, json;
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

  // The program asked for its names.
  [[nodiscard]] Command listing() const;
  // The program asked for one job, in so much time.
  [[nodiscard]] Command command(Job const& job, std::optional<double> most_seconds) const;
  [[nodiscard]] std::filesystem::path checkpoint(Job const& job) const;
  // What bears on the results, for whoever reads them.
  [[nodiscard]] nlohmann::ordered_json asked() const;
};

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
