// What libstdc++'s headers call when a bound does not hold. There is nothing to throw: the fault is
// a bugcheck.
namespace std {

[[noreturn]] void __throw_out_of_range_fmt(char const*, ...) {
  __builtin_trap();
}

}  // namespace std
