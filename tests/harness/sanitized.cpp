// Breaks, on purpose, what a sanitizer judges, on kernel threads: so that a sanitized run that is
// silent means something.
//   mica_sanitized race | locked | overflow | freed | undefined
// `locked` is the counterpart of `race` that is right.
#include <mica/system.hpp>

#include <cstring>
#include <string_view>

#include <nt/ex.h>
#include <nt/ke.h>
#include <nt/ps.h>
#include <nt/zw.h>

namespace {

struct Counter {
  KSPIN_LOCK lock;
  bool locked;
  int value;
};

[[gnu::noinline]] void add_often(Counter& counter) {
  for (int i = 0; i < 20; ++i) {
    KIRQL old = 0;
    if (counter.locked) KeAcquireSpinLock(&counter.lock, &old);
    ++counter.value;
    if (counter.locked) KeReleaseSpinLock(&counter.lock, old);
    KeStallExecutionProcessor(1);
  }
}

VOID NTAPI other_thread(PVOID counter) {
  add_often(*static_cast<Counter*>(counter));
}

// Two kernel threads, on two processors of one OS thread.
void count(bool locked) {
  Counter counter{{}, locked, 0};
  KeInitializeSpinLock(&counter.lock);
  HANDLE handle;
  PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, nullptr, nullptr, nullptr, &other_thread,
                       &counter);
  add_often(counter);
  PVOID thread;
  ObReferenceObjectByHandle(handle, SYNCHRONIZE, nullptr, KernelMode, &thread, nullptr);
  KeWaitForSingleObject(thread, Executive, KernelMode, FALSE, nullptr);
  ObDereferenceObject(thread);
  ZwClose(handle);
}

[[gnu::noinline]] void write_behind(char volatile* buffer, int size) {
  buffer[size] = 1;
}

void overflow() {
  char buffer[16];
  write_behind(buffer, sizeof buffer);
}

void freed() {
  auto* const block =
      static_cast<char volatile*>(ExAllocatePoolWithTag(NonPagedPoolNx, 64, 'aciM'));
  ExFreePoolWithTag(const_cast<char*>(block), 'aciM');
  block[8] = 1;
}

void undefined() {
  int volatile shift = 40;
  static_cast<void>(1 << shift);
}

}  // namespace

int main(int count_of_arguments, char** arguments) {
  std::string_view const what = count_of_arguments == 2 ? arguments[1] : "";
  mica::System system{{.processors = 2}};
  system.run([what] {
    if (what == "race") count(false);
    if (what == "locked") count(true);
    if (what == "overflow") overflow();
    if (what == "freed") freed();
    if (what == "undefined") undefined();
  });
}
