// About as much code as target.c, for the host's own loader.
extern "C" int bench_library(int left);
int bench_library(int left) {
  return left > 0 ? bench_library(left - 1) + 1 : 0;
}
