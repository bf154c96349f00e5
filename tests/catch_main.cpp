// The main function of every host test program.
//   Where MICA_EXPLORE asks for explorations, other tests are not run.
#define CATCH_CONFIG_RUNNER
#include <cstdlib>

#include "catch.hpp"

int main(int count, char** arguments) {
  Catch::Session session;
  if (count == 1 && std::getenv("MICA_EXPLORE"))
    session.configData().testsOrTags.emplace_back("[explore]~[published]");
  return session.run(count, arguments);
}
