// The main function of every host test program.
//   Where MICA_EXPLORE asks for explorations, other tests are not run.
//   rapidcheck tries the same values in every run, unless RC_PARAMS="seed=N" asks for others.
#define CATCH_CONFIG_RUNNER
#include <cstdlib>

#include "catch.hpp"

int main(int count, char** arguments) {
  ::setenv("RC_PARAMS", "seed=1", 0);
  Catch::Session session;
  if (count == 1 && std::getenv("MICA_EXPLORE"))
    session.configData().testsOrTags.emplace_back("[explore]~[published]");
  return session.run(count, arguments);
}
