// io is initialized once in a System: its types have names.
#include <mica/system.hpp>

#include <nt/ntstatus.h>

#include "catch.hpp"
#include "io/state.hpp"

TEST_CASE("io: initializing it says that a type cannot be made", "[io]") {
  mica::System system;
  system.run([] {
    POBJECT_TYPE const driver_type = mica::io::state().driver_type;
    CHECK(mica::io::initialize() == STATUS_OBJECT_NAME_COLLISION);
    mica::io::state().driver_type = driver_type;
  });
}
