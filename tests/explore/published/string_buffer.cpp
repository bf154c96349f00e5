// StringBuffer.append(other) asks for the other's length and then for its characters, each under
// the other's lock: in between the other may become shorter. The correction holds it over both.
//   Flanagan, Qadeer, "A type and effect system for atomicity", PLDI 2003, section 1.
#include "parts.hpp"

using namespace mica::explore;

namespace {

struct Buffer {
  Lock lock;
  int length = 3;

  int get_length() noexcept {
    Held held{lock};
    return length;
  }
  void get_characters(int count) noexcept {
    Held held{lock};
    MICA_CHECK(count <= length);
  }
  void clear() noexcept {
    Held held{lock};
    length = 0;
  }
};

template <bool mended>
void append_and_clear(Window& window) {
  Buffer own, other;
  auto program = [&](unsigned number) {
    if (number == 1) return other.clear();
    Held held{own.lock};
    if (mended) {
      Held both{other.lock};
      own.length += other.length;
      return;
    }
    int const count = other.get_length();
    other.get_characters(count);
    own.length += count;
  };
  run_high(window, 2, program);
}

}  // namespace

MICA_PUBLISHED("Published: a string is appended that becomes shorter meanwhile", append_and_clear,
               .id = "string-buffer", .system = "Java's StringBuffer",
               .bug = "length and characters are taken under two holds of the lock",
               .described = "Flanagan, Qadeer, PLDI 2003",
               .address = "https://doi.org/10.1145/781131.781169", .verdict = Verdict::assertion)
