// What cases of APCs share.
#pragma once

#include "busy.hpp"

namespace mica::test {

// What APCs did, in their order, as digits of a number.
struct Diary {
  std::atomic<int> text{0};
  void note(int digit) noexcept { text = text * 10 + digit; }
};

// An APC that writes its digit to the diary: `digit` from the kernel routine, or if it is a normal
// one, from its normal routine.
struct Noted {
  KAPC apc;
  Diary* diary;
  int digit;
  PKTHREAD ran_in = nullptr;
  KIRQL kernel_level = HIGH_LEVEL, normal_level = HIGH_LEVEL;

  Noted(Diary& diary_, int digit_, bool normal, PKTHREAD thread = KeGetCurrentThread()) noexcept
      : diary{&diary_}, digit{digit_} {
    KeInitializeApc(&apc, thread, OriginalApcEnvironment, kernel_routine, nullptr,
                    normal ? normal_routine : nullptr, KernelMode, this);
  }
  BOOLEAN insert() noexcept { return KeInsertQueueApc(&apc, this, nullptr, 0); }

 private:
  static void NTAPI kernel_routine(PKAPC, PKNORMAL_ROUTINE* normal, PVOID*, PVOID* first, PVOID*) {
    auto& self = *static_cast<Noted*>(*first);
    self.kernel_level = KeGetCurrentIrql();
    self.ran_in = KeGetCurrentThread();
    if (*normal == nullptr) self.diary->note(self.digit);
  }
  static void NTAPI normal_routine(PVOID context, PVOID first, PVOID) {
    auto& self = *static_cast<Noted*>(context);
    MICA_CHECK(first == context);
    self.normal_level = KeGetCurrentIrql();
    self.diary->note(self.digit);
  }
};

inline void NTAPI nothing(PKAPC, PKNORMAL_ROUTINE*, PVOID*, PVOID*, PVOID*) {}

}  // namespace mica::test
