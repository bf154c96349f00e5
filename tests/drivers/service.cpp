// Drivers that others compiled and linked, loaded by the names of their services: on both machines,
// from the same RAM disk.
#include "beat.hpp"

using namespace mica::test;

MICA_CASE("Io: a driver is loaded, serves, is unloaded, and may be loaded again") {
  Service service{u"beat"};
  for (int round = 0; round < 2; ++round) {
    MICA_REQUIRE(service.load() == STATUS_SUCCESS);
    {
      Beat const beat;
      MICA_REQUIRE(beat.status() == STATUS_SUCCESS);
      LONG const before = beat.count();
      for (int tries = 0; tries < 100 && beat.count() < before + 3; ++tries) sleep(beat_period);
      MICA_CHECK(beat.count() >= before + 3);
    }
    MICA_CHECK(service.unload() == STATUS_SUCCESS);
    MICA_CHECK(Beat{}.status() == STATUS_OBJECT_NAME_NOT_FOUND);
    MICA_CHECK(service.unload() == STATUS_OBJECT_NAME_NOT_FOUND);
  }
}

MICA_CASE("Io: a driver is loaded once, whatever the case of its name") {
  Service service{u"beat"};
  Service same{u"BEAT"};
  MICA_REQUIRE(service.load() == STATUS_SUCCESS);
  MICA_CHECK(same.load() == STATUS_IMAGE_ALREADY_LOADED);
  MICA_CHECK(Beat{}.status() == STATUS_SUCCESS);
  MICA_CHECK(same.unload() == STATUS_SUCCESS);
}

MICA_CASE("Io: a driver is unloaded when no file is open on its devices") {
  Service service{u"beat"};
  MICA_REQUIRE(service.load() == STATUS_SUCCESS);
  {
    Beat const beat;
    {
      Beat const other;
      MICA_REQUIRE(beat.status() == STATUS_SUCCESS && other.status() == STATUS_SUCCESS);
      MICA_CHECK(service.unload() == STATUS_SUCCESS);
    }
    sleep(5 * millisecond_100ns);  // what is unloaded is unloaded by a work item
    MICA_CHECK(service.unload() == STATUS_INVALID_DEVICE_REQUEST);
    MICA_CHECK(Beat{}.status() == STATUS_NO_SUCH_DEVICE);
    MICA_CHECK(beat.count() >= 0);
  }
  while (service.unload() != STATUS_OBJECT_NAME_NOT_FOUND) sleep(millisecond_100ns);
  MICA_CHECK(Beat{}.status() == STATUS_OBJECT_NAME_NOT_FOUND);
}

MICA_CASE("Io: a driver may have code that it writes") {
  Service service{u"rewritten"};
  MICA_CHECK(service.load() == STATUS_SUCCESS);
  MICA_CHECK(service.unload() == STATUS_SUCCESS);
}

MICA_CASE("Io: a driver whose DriverEntry fails is not there") {
  Service service{u"fails"};  // what told.c is called for that
  MICA_CHECK(service.load() == STATUS_DEVICE_DOES_NOT_EXIST);
  MICA_CHECK(service.unload() == STATUS_OBJECT_NAME_NOT_FOUND);
  MICA_CHECK(service.load() == STATUS_DEVICE_DOES_NOT_EXIST);
}

MICA_CASE("Io: what is no driver is not loaded") {
  MICA_CHECK(Service{u"text"}.load() == STATUS_INVALID_IMAGE_NOT_MZ);
  MICA_CHECK(Service{u"nobody"}.load() == STATUS_OBJECT_NAME_NOT_FOUND);
  MICA_CHECK(Service{u"nobody"}.unload() == STATUS_OBJECT_NAME_NOT_FOUND);
  Text nameless{u"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\"};
  MICA_CHECK(ZwLoadDriver(nameless) == STATUS_OBJECT_NAME_NOT_FOUND);
  MICA_CHECK(Service{u"deeper\\beat"}.load() == STATUS_OBJECT_NAME_NOT_FOUND);
  MICA_CHECK(Service{u"deeper\\beat"}.unload() == STATUS_OBJECT_NAME_NOT_FOUND);
  Text elsewhere{u"\\Driver\\beat"};
  MICA_CHECK(ZwLoadDriver(elsewhere) == STATUS_OBJECT_NAME_NOT_FOUND);
  MICA_CHECK(ZwUnloadDriver(elsewhere) == STATUS_OBJECT_NAME_NOT_FOUND);
}
