// While this stands an access to what a System has not mapped is that System's bugcheck; every
// other one is what it was before.
#pragma once

#include <mica/fault.hpp>

namespace mica {

class TakesFaults {
 public:
  TakesFaults() {
    struct sigaction action {};
    action.sa_sigaction = [](int, siginfo_t* information, void* context) {
      // Handed back, it happens again where it did, with who looked for it before.
      if (!take_fault(*information, context)) ::sigaction(SIGSEGV, &before_, nullptr);
    };
    action.sa_flags = SA_SIGINFO;
    ::sigaction(SIGSEGV, &action, &before_);
  }
  ~TakesFaults() { ::sigaction(SIGSEGV, &before_, nullptr); }
  TakesFaults(TakesFaults const&) = delete;
  TakesFaults& operator=(TakesFaults const&) = delete;

 private:
  static inline struct sigaction before_ {};
};

}  // namespace mica
