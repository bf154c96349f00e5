// The least that explores: programs on stacks of their own, a uniform choice at every point, no
// look at memory, no kernel. What it costs is the jumps.
#pragma once

#include <boost/context/detail/fcontext.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>

namespace mica::bench::floor {

class Explorer {
 public:
  static constexpr unsigned most = 4;

  explicit Explorer(unsigned programs) : count_{programs} {
    for (unsigned i = 0; i < count_; ++i)
      stacks_[i] = std::make_unique_for_overwrite<std::byte[]>(stack_bytes);
  }

  // One execution: program(number) on each stack, until all have returned.
  template <class Program>
  void execute(Program& program, std::uint64_t& random) {
    namespace fiber = boost::context::detail;
    fiber::fcontext_t standing[most];
    for (unsigned i = 0; i < count_; ++i) {
      Begin begin{this, &program, i};
      standing[i] =
          fiber::make_fcontext(stacks_[i].get() + stack_bytes, stack_bytes, enter<Program>);
      standing[i] = fiber::jump_fcontext(standing[i], &begin).fctx;
    }
    for (unsigned live = (1u << count_) - 1; live != 0;) {
      random ^= random << 13, random ^= random >> 7, random ^= random << 17;
      unsigned const number = static_cast<unsigned>(random >> 33) % count_;
      if (!(live & 1u << number)) continue;
      auto const back = fiber::jump_fcontext(standing[number], nullptr);
      standing[number] = back.fctx;
      if (back.data) live &= ~(1u << number);
    }
  }

  // Before each operation of a program.
  void point() noexcept { home_ = boost::context::detail::jump_fcontext(home_, nullptr).fctx; }

 private:
  struct Begin {
    Explorer* explorer;
    void* program;
    unsigned number;
  };
  static constexpr std::size_t stack_bytes = 16 << 10;

  template <class Program>
  static void enter(boost::context::detail::transfer_t from) {
    Begin const begin = *static_cast<Begin*>(from.data);
    begin.explorer->home_ = from.fctx;
    begin.explorer->point();
    (*static_cast<Program*>(begin.program))(*begin.explorer, begin.number);
    boost::context::detail::jump_fcontext(begin.explorer->home_, begin.explorer);
  }

  unsigned count_;
  std::unique_ptr<std::byte[]> stacks_[most];
  boost::context::detail::fcontext_t home_ = nullptr;
};

}  // namespace mica::bench::floor
