// Runs jobs in so many processes at a time, and gathers what they tell.
//   SIGINT and SIGTERM to the tool stop the processes; what they had told until then stays.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <list>

#include "child.hpp"
#include "results.hpp"

namespace mica::tool {

struct Orders {
  unsigned workers = 1;
  // One that tells nothing for so long is killed.
  std::chrono::seconds patience{120};
  // The program and its environment for a job, of which `left` have not been started yet, this one
  // included.
  std::function<Command(Job const& job, std::size_t left)> command;
  // Ten times a second and when a job has ended.
  std::function<void(Results const& results)> watch;
};

class Crew {
 public:
  Crew(Orders const& orders, Results& results) : orders_{orders}, results_{results} {}

  // False when a signal stopped it. Throws Broken when a program did; when an exploration fails,
  // the rest of its parts are stopped.
  [[nodiscard]] bool run(std::deque<Job> jobs);

 private:
  using Clock = std::chrono::steady_clock;
  struct Worker {
    Worker(Job const& given, Command const& command) : job{given}, child{command} {}
    Job job;
    Child child;
    Clock::time_point heard = Clock::now();
    bool stopped = false;
    std::deque<std::string> last;  // what it wrote
  };

  void start();
  void wait();
  void hear(Worker& worker);
  // Whether it has ended, and all it told was heard.
  [[nodiscard]] bool gone(Worker& worker);
  void judge(Worker const& worker, int status) const;
  void stop(Worker& worker);
  void stop_all();

  Orders const& orders_;
  Results& results_;
  std::deque<Job> jobs_;
  std::list<Worker> workers_;
};

// The names of the explorations in a program, asked for by its environment. Throws Broken when
// there are none.
[[nodiscard]] std::vector<std::string> names_in(Command const& command);

}  // namespace mica::tool
