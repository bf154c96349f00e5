// mica explore BINARY [NAME]: runs the explorations of a program, in processes of its own.
#include <fmt/format.h>
#include <fnmatch.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "command.hpp"
#include "crew.hpp"
#include "progress.hpp"
#include "wish.hpp"

namespace mica::tool {
namespace {

constexpr char const* footer = R"(Exit status:
  0  no exploration found anything
  1  one found a failure: its verdict, replay line and report are printed
  2  wrong use, or a mistake in the script: one line says why
  3  BINARY broke: it crashed, hung, or has no such exploration; one line says why.
     Or the driver could not be loaded and unloaded
What stands after -- are arguments of BINARY. SIGINT stops the processes,
keeps their checkpoints, and prints what was reached.)";

std::vector<std::string> chosen(Wish const& wish) {
  std::vector<std::string> names = names_in(wish.listing());
  std::string const replayed = wish.replay.substr(0, wish.replay.find(':'));
  std::erase_if(names, [&](std::string const& name) {
    return (!wish.pattern.empty() && fnmatch(wish.pattern.c_str(), name.c_str(), 0) != 0) ||
           (!wish.replay.empty() && name != replayed);
  });
  if (names.empty())
    throw Broken{fmt::format("'{}' has no exploration '{}'", wish.program.string(),
                             wish.replay.empty() ? wish.pattern : replayed)};
  return names;
}

// Where there are fewer names than workers each is split, so that all of them work.
std::deque<Job> jobs_of(Wish const& wish, std::vector<std::string> const& names) {
  std::uint64_t const parts =
      wish.replay.empty() ? std::max<std::uint64_t>(1, wish.workers / names.size()) : 1;
  std::deque<Job> jobs;
  for (std::string const& name : names)
    for (std::uint64_t part = 0; part < parts; ++part)
      jobs.push_back(
          {name, {wish.shard.number + part * wish.shard.count, wish.shard.count * parts}});
  return jobs;
}

void write_json(Wish const& wish, Results const& results, bool whole) {
  nlohmann::ordered_json document = {{"commit", commit()}, {"complete", whole}};
  document["asked"] = wish.asked();
  document["explorations"] = nlohmann::ordered_json::array();
  for (Exploration const* each : results.all()) document["explorations"].push_back(json_of(*each));
  constexpr auto replace = nlohmann::ordered_json::error_handler_t::replace;
  std::string const text = document.dump(2, ' ', false, replace) + "\n";
  if (wish.json == "-") {
    fmt::print("{}", text);
    return;
  }
  std::ofstream file{wish.json};
  if (!(file << text).flush()) throw Wrong{fmt::format("cannot write '{}'", wish.json)};
}

// Returns how many failures there are.
std::size_t tell(std::FILE* where, Wish const& wish, Results const& results, bool whole) {
  std::uint64_t executions = 0;
  double seconds = 0;
  std::size_t failures = 0, explorations = 0;
  for (Exploration const* each : results.all()) {
    Counts const sum = each->sum();
    executions += sum.executions;
    seconds += sum.seconds;
    ++explorations;
    if (!each->failure) continue;
    ++failures;
    fmt::print(where, "\n{}: {}\n{}\n", each->name, each->failure->verdict, each->failure->text);
    if (wish.of_driver() && !each->failure->replay.empty())
      fmt::print(where, "again: {}\n", wish.again(each->failure->replay));
  }
  fmt::print(where, "{}{} explorations, {} executions, {:.1f} s of processes, {} failed\n",
             whole ? "" : "stopped: ", explorations, executions, seconds, failures);
  return failures;
}

int explore(Wish& wish) {
  if (wish.of_driver() && !take_driver(wish)) return driver_refused;
  std::vector<std::string> const names = chosen(wish);
  if (wish.list) {
    for (std::string const& name : names) fmt::print("{}\n", name);
    return nothing_found;
  }
  std::FILE* const lines = wish.json == "-" ? stderr : stdout;
  std::deque<Job> const jobs = jobs_of(wish, names);
  prepare_checkpoints(wish, jobs);
  Results results{names};
  Progress progress{lines, names.size()};
  Budget const budget{wish};
  Orders const orders{
      .workers = wish.workers,
      .patience = std::chrono::seconds{wish.patience},
      .command = [&](Job const& job,
                     std::size_t left) { return wish.command(job, budget.share(left)); },
      .watch = [&](Results const& now) { progress.show(now); }};
  bool const whole = Crew{orders, results}.run(jobs);
  progress.finish(results);
  if (!wish.json.empty()) write_json(wish, results, whole);
  return tell(lines, wish, results, whole) == 0 ? nothing_found : failure_found;
}

}  // namespace

void add_explore(CLI::App& tool, std::vector<std::string> rest, int& status) {
  auto const wish = std::make_shared<Wish>();
  CLI::App* const command =
      tool.add_subcommand("explore", "Explores the schedules of a program's explorations");
  wish->arguments = std::move(rest);
  wish->add_options(*command);
  command->footer(footer);
  command->callback([wish, &status] {
    wish->check();
    status = explore(*wish);
  });
}

}  // namespace mica::tool
