// I2 by remove locks: nobody uses a device when its remover returns, nobody begins to afterwards,
// and nobody but who counts the lock down touches its event.
#include <nt/rtl.h>

#include "conformance/io_support.hpp"
#include "together.hpp"

using namespace mica::explore;

namespace {

// A device as far as its remove lock goes; of the long form if it is to know who holds it.
struct Device {
  struct Long {
    IO_REMOVE_LOCK_COMMON_BLOCK common;
    IO_REMOVE_LOCK_DBG_BLOCK debug;
  };
  Long lock{};
  ULONG bytes;
  bool gone = false;  // plain: a race says that somebody used it who had no right

  explicit Device(bool is_long) noexcept
      : bytes{static_cast<ULONG>(is_long ? sizeof(Long) : sizeof(IO_REMOVE_LOCK))} {
    IoInitializeRemoveLockEx(get(), 'kcoL', 0, 0, bytes);
  }
  PIO_REMOVE_LOCK get() noexcept { return reinterpret_cast<PIO_REMOVE_LOCK>(&lock); }
  NTSTATUS acquire(void* tag) noexcept {
    return IoAcquireRemoveLockEx(get(), tag, __FILE__, __LINE__, bytes);
  }
  void use() noexcept {
    if (acquire(&gone) != STATUS_SUCCESS) return;
    MICA_CHECK(!gone);
    point();
    MICA_CHECK(!gone);
    IoReleaseRemoveLockEx(get(), &gone, bytes);
  }
  void remove() noexcept {
    IoReleaseRemoveLockAndWaitEx(get(), this, bytes);
    gone = true;
    lock.common.RemoveEvent = {};
  }
};

void use_and_remove(Window& window, unsigned users) noexcept {
  Device device{false};
  MICA_CHECK(device.acquire(&device) == STATUS_SUCCESS);
  auto program = [&](unsigned number) {
    Passive passive;
    number == 0 ? device.remove() : device.use();
  };
  run_together(window, {users + 1}, program);
  MICA_CHECK(device.gone);
  MICA_CHECK(device.acquire(&device) == STATUS_DELETE_PENDING);
}

}  // namespace

MICA_EXPLORE("I2-remove-one", "I2: a user of a device and its remover", .processors = 2,
             .bound = 3) {
  use_and_remove(window, 1);
}

MICA_EXPLORE("I2-remove-two", "I2: two users of a device and its remover", .processors = 3,
             .bound = 3) {
  use_and_remove(window, 2);
}

MICA_EXPLORE("I2-remove-long", "I2: a user and the remover, by a lock that knows who holds it",
             .processors = 2, .bound = 1, .leaks = true, .shortage = true) {
  Device device{true};
  MICA_CHECK(device.acquire(&device) == STATUS_SUCCESS);
  auto user = [&] { device.use(); };
  auto remover = [&] { device.remove(); };
  Team team{window};
  meet(team, user, remover);
  MICA_CHECK(device.gone);
}
