#include <mica/test.hpp>
#include <mica/time.hpp>

namespace mica {
namespace {

// The calling thread is the least of all while this stands: it runs where nothing else can.
class [[nodiscard]] Lowest {
 public:
  Lowest() noexcept : before_{KeSetPriorityThread(KeGetCurrentThread(), LOW_PRIORITY + 1)} {}
  Lowest(Lowest const&) = delete;
  Lowest& operator=(Lowest const&) = delete;
  ~Lowest() { KeSetPriorityThread(KeGetCurrentThread(), before_); }

 private:
  KPRIORITY const before_;
};

// What one processor's work made ready elsewhere has run when every processor was seen twice.
void let_others_run() noexcept {
  constexpr int rounds = 2;
  for (int round = 0; round < rounds; ++round)
    for (ULONG number = 0; number < test::processors(); ++number) {
      KeSetSystemAffinityThread(KAFFINITY{1} << number);
      KeRevertToUserAffinityThread();
    }
}

}  // namespace

void advance(std::chrono::nanoseconds duration) {
  constexpr long nanoseconds = 100;  // a unit of NT's time
  Lowest const lowest;
  test::sleep((duration.count() + nanoseconds - 1) / nanoseconds);
  let_others_run();
}

}  // namespace mica
