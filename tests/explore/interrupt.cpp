// N1: a service routine runs for each interrupt of its device that finds it connected, never beside
// who holds its lock, and not after who disconnected it.
#include <nt/io.h>

#include "together.hpp"

using namespace mica::explore;

namespace {

constexpr UCHAR vector = 0x55;

struct Device {
  PKINTERRUPT object = nullptr;
  std::atomic<int> asks{0};
  int served = 0;  // guarded by the interrupt's lock
  std::atomic<bool> gone{false};

  explicit Device(KINTERRUPT_MODE mode = LevelSensitive, PKSPIN_LOCK lock = nullptr,
                  KIRQL synchronize = vector >> 4, UCHAR own = vector) noexcept {
    connect(mode, lock, synchronize, own);
  }
  struct Later {};
  explicit Device(Later) noexcept {}
  ~Device() {
    if (object != nullptr) IoDisconnectInterrupt(object);
  }
  Device(Device const&) = delete;
  Device& operator=(Device const&) = delete;

  void connect(KINTERRUPT_MODE mode, PKSPIN_LOCK lock, KIRQL synchronize, UCHAR own) noexcept {
    MICA_CHECK(IoConnectInterrupt(&object, routine, this, lock, own, static_cast<KIRQL>(own >> 4),
                                  synchronize, mode, TRUE, ~KAFFINITY{0}, FALSE) == STATUS_SUCCESS);
  }
  void disconnect() noexcept {
    IoDisconnectInterrupt(object);
    object = nullptr;
  }
  void ask(ULONG processor, UCHAR own = vector) noexcept {
    ++asks;
    mica::test::interrupt(processor, own);
  }

  static BOOLEAN NTAPI routine(PKINTERRUPT, PVOID context) {
    auto& device = *static_cast<Device*>(context);
    MICA_CHECK(!device.gone);
    if (device.asks == 0) return FALSE;
    --device.asks;
    ++device.served;
    return TRUE;
  }
};

BOOLEAN NTAPI count(PVOID context) {
  ++*static_cast<int*>(context);
  return TRUE;
}

// Every interrupt that was asked for has come.
void settle() noexcept {
  mica::test::sleep(2 * tick_100ns);
}

}  // namespace

MICA_EXPLORE("N1-synchronize", "N1: nobody runs beside the routine who holds its lock",
             .processors = 2, .bound = 3) {
  Device device;
  auto program = [&](unsigned number) {
    device.ask(1 - number);
    if (number == 0) {
      KeSynchronizeExecution(device.object, count, &device.served);
    } else {
      KIRQL const old = KeAcquireInterruptSpinLock(device.object);
      ++device.served;
      KeReleaseInterruptSpinLock(device.object, old);
    }
  };
  run_together(window, {.count = 2, .leaves = true}, program);
  settle();
  MICA_CHECK(device.served == 4);
}

MICA_EXPLORE("N1-disconnect", "N1: the routine does not run when it is disconnected",
             .processors = 2, .bound = 3) {
  Device device;
  auto program = [&](unsigned number) {
    if (number == 0) {
      Passive passive;
      device.disconnect();
      device.gone = true;
    } else {
      device.ask(1);
      device.ask(0);
    }
  };
  run_together(window, {.count = 2, .leaves = true}, program);
  settle();
  MICA_CHECK(device.served <= 2);
}

MICA_EXPLORE("N1-connect", "N1: an interrupt meets one that is connected to its vector",
             .processors = 2, .bound = 3) {
  Device first, second{Device::Later{}};
  auto program = [&](unsigned number) {
    if (number == 0) {
      Passive passive;
      second.connect(LevelSensitive, nullptr, vector >> 4, vector);
    } else {
      first.ask(1);
    }
  };
  run_together(window, {.count = 2, .leaves = true}, program);
  second.ask(0);
  settle();
  MICA_CHECK(first.served == 1 && second.served == 1);
}

MICA_EXPLORE("N1-latched", "N1: of two that share a latched vector neither's interrupt is lost",
             .processors = 2, .bound = 3) {
  Device first{Latched}, second{Latched};
  auto program = [&](unsigned number) { (number == 0 ? first : second).ask(0); };
  run_together(window, {.count = 2, .leaves = true}, program);
  settle();
  MICA_CHECK(first.served == 1 && second.served == 1);
}

MICA_EXPLORE("N1-two-vectors", "N1: two routines under one lock do not run beside each other",
             .processors = 2, .bound = 3) {
  constexpr UCHAR other = 0x83;
  KSPIN_LOCK lock;
  KeInitializeSpinLock(&lock);
  Device first{LevelSensitive, &lock, other >> 4}, second{LevelSensitive, &lock, other >> 4, other};
  auto program = [&](unsigned number) {
    if (number == 0)
      first.ask(0);
    else
      second.ask(0, other);
    // Of what is under the lock each routine has the other's too.
    KeSynchronizeExecution(first.object, count, &second.served);
  };
  run_together(window, {.count = 2, .leaves = true}, program);
  settle();
  MICA_CHECK(first.served == 1 && second.served == 3);
}

MICA_EXPLORE("N1-inactive", "N1: the routine does not run while its device is reported inactive",
             .processors = 2, .bound = 3) {
  Device device;
  IO_REPORT_INTERRUPT_ACTIVE_STATE_PARAMETERS parameters{};
  parameters.Version = CONNECT_FULLY_SPECIFIED;
  parameters.ConnectionContext.InterruptObject = device.object;
  auto program = [&](unsigned number) {
    if (number == 0) {
      IoReportInterruptInactive(&parameters);
      device.gone = true;
      point();
      device.gone = false;
      IoReportInterruptActive(&parameters);
    } else {
      device.ask(0);
      device.ask(1);
    }
  };
  run_together(window, {.count = 2, .leaves = true}, program);
  settle();
  MICA_CHECK(device.served <= 2);
}

namespace {

template <class Callable>
BOOLEAN NTAPI call(PKINTERRUPT, PVOID callable) {
  (*static_cast<Callable*>(callable))();
  return TRUE;
}

// `between` is done by an interrupt of processor 0 while it does `first`, whenever processor 1 lets
// it.
template <class First, class Between>
void come_between(Window& window, First first, Between between) {
  PKINTERRUPT object = nullptr;
  MICA_CHECK(IoConnectInterrupt(&object, call<Between>, &between, nullptr, vector, vector >> 4,
                                vector >> 4, Latched, TRUE, ~KAFFINITY{0},
                                FALSE) == STATUS_SUCCESS);
  auto program = [&](unsigned number) {
    if (number == 0)
      first();
    else
      mica::test::interrupt(0, vector);
  };
  run_together(window, {.count = 2, .leaves = true}, program);
  settle();
  IoDisconnectInterrupt(object);
}

// A DPC that counts how often it runs.
struct Counted {
  KDPC dpc;
  std::atomic<int> ran{0};

  Counted() noexcept {
    auto routine = [](PKDPC, PVOID ran, PVOID, PVOID)
                       NTAPI { ++*static_cast<std::atomic<int>*>(ran); };
    KeInitializeDpc(&dpc, routine, &ran);
  }
  void insert() noexcept { MICA_CHECK(KeInsertQueueDpc(&dpc, nullptr, nullptr) != FALSE); }
};

}  // namespace

MICA_EXPLORE("N1-dpc", "N1: a routine asks for a DPC while its processor takes another",
             .processors = 2, .bound = 1) {
  Counted own, asked;
  auto insert_and_run = [&] {
    own.insert();
    Passive passive;
  };
  come_between(window, insert_and_run, [&] { asked.insert(); });
  MICA_CHECK(own.ran == 1 && asked.ran == 1);
}

MICA_EXPLORE("N1-dpc-remove", "N1: a routine asks for a DPC while its processor removes another",
             .processors = 2, .bound = 1) {
  Counted own, asked;
  auto insert_and_remove = [&] {
    own.insert();
    MICA_CHECK(KeRemoveQueueDpc(&own.dpc) != FALSE);
  };
  come_between(window, insert_and_remove, [&] { asked.insert(); });
  MICA_CHECK(own.ran == 0 && asked.ran == 1);
}

MICA_EXPLORE("N1-callbacks",
             "N1: a routine takes a bugcheck callback back while its processor takes another back",
             .processors = 2, .bound = 1) {
  KBUGCHECK_CALLBACK_RECORD records[2];
  auto callback = [](PVOID, ULONG) NTAPI {};
  UCHAR component[] = "explored";
  for (auto& record : records) {
    KeInitializeCallbackRecord(&record);
    MICA_CHECK(KeRegisterBugCheckCallback(&record, callback, nullptr, 0, component) != FALSE);
  }
  auto take_back = [&](int number) {
    MICA_CHECK(KeDeregisterBugCheckCallback(&records[number]) != FALSE);
  };
  come_between(
      window, [&] { take_back(0); }, [&] { take_back(1); });
}
