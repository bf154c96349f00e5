// One conversion of a format: %[flags][width][.precision][size]type, parsed.
#pragma once

#include <nt/ntdef.h>

namespace mica::rtl {

// How wide an argument is. native: as the type says.
enum class Size : UCHAR { native, half, wide, quad };

struct Specification {
  bool left = false;       // -
  bool plus = false;       // +
  bool blank = false;      // space
  bool alternate = false;  // #
  bool zero = false;       // 0
  Size size = Size::native;
  WCHAR type = 0;          // 0 where the format ends within it
  int width = 0;
  int precision = -1;      // -1: none was given
};

}  // namespace mica::rtl
