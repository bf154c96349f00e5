// Where a scenario's executions are made, one after the other.
//   The first boots a System and comes to where the window opens; those that follow go on from
//   there (snapshot.hpp). An execution is over when the body returns. Where that cannot be, each
//   has a System of its own: what an execution is does not depend on it.
#pragma once

#include <memory>

#include "explore/execution.hpp"

namespace mica::explore {

class Stage {
 public:
  explicit Stage(Scenario scenario);
  ~Stage();
  Stage(Stage const&) = delete;
  Stage& operator=(Stage const&) = delete;

  // The one that the strategy has begun. `wanted`: the access whose stack is asked for
  // (Detector::wanted); 0: none.
  [[nodiscard]] Execution execute(Strategy& strategy, std::uint32_t wanted = 0);
  // Gives its System back: another will stand at the same addresses.
  void clear() noexcept;

 private:
  class Scene;

  Scenario scenario_;
  std::unique_ptr<Scene> scene_;
};

}  // namespace mica::explore
