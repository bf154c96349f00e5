#include "ldr/virtual_unwind.hpp"

#include "ldr/epilog.hpp"

namespace mica::ldr {
namespace {

// Longer chains than these no compiler writes.
constexpr unsigned most_chained = 32;

[[nodiscard]] BadFrame bad_table(char const* what, std::uint32_t at) noexcept {
  return {STATUS_BAD_FUNCTION_TABLE, what, at};
}

[[nodiscard]] ULONG64& register_of(CONTEXT& context, unsigned number) noexcept {
  return (&context.Rax)[number];
}
static_assert(offsetof(CONTEXT, R15) == offsetof(CONTEXT, Rax) + 15 * sizeof(ULONG64));

// One function's way back.
class Unwinding {
 public:
  Unwinding(UnwindRequest const& request, CONTEXT& context, Frame& frame) noexcept
      : request_{request}, context_{context}, frame_{frame}, began_at_{context.Rsp} {}

  [[nodiscard]] BadFrame run() noexcept {
    frame_ = {context_.Rsp, 0, 0};
    BadFrame bad = request_.function == 0 ? pop_return_address() : unwind_function();
    if (!bad && context_.Rsp <= began_at_) return bad_stack("a frame is not outside of the last");
    return bad;
  }

 private:
  [[nodiscard]] BadFrame bad_stack(char const* what) const noexcept {
    return {STATUS_BAD_STACK, what, request_.at};
  }

  [[nodiscard]] BadFrame load(std::uint64_t address, ULONG64& value) const noexcept {
    if (!request_.stack.has(address)) return bad_stack("a frame is not on the stack");
    __builtin_memcpy(&value, reinterpret_cast<void const*>(address), sizeof value);
    return {};
  }

  [[nodiscard]] BadFrame load_register(unsigned number, std::uint64_t address) noexcept {
    if (request_.pointers != nullptr)
      request_.pointers->IntegerContext[number] = reinterpret_cast<PULONG64>(address);
    return load(address, register_of(context_, number));
  }

  [[nodiscard]] BadFrame load_vector(unsigned number, std::uint64_t address) noexcept {
    if (!request_.stack.has(address, sizeof(M128A)))
      return bad_stack("a frame is not on the stack");
    if (request_.pointers != nullptr)
      request_.pointers->FloatingContext[number] = reinterpret_cast<PM128A>(address);
    __builtin_memcpy(&context_.Xmm0 + number, reinterpret_cast<void const*>(address),
                     sizeof(M128A));
    return {};
  }

  [[nodiscard]] BadFrame pop_return_address() noexcept {
    BadFrame const bad = load(context_.Rsp, context_.Rip);
    context_.Rsp += sizeof(ULONG64);
    return bad;
  }

  // The entry, and the information of the function it is of: through entries that only lead there.
  [[nodiscard]] BadFrame read_function(RUNTIME_FUNCTION& function) const noexcept {
    std::uint32_t at = request_.function;
    for (unsigned i = 0; i < most_chained; ++i) {
      if (!request_.image.read(at, function))
        return bad_table("an entry of a function is outside of the image", at);
      if ((function.UnwindData & RUNTIME_FUNCTION_INDIRECT) == 0) return {};
      at = function.UnwindData & ~ULONG{RUNTIME_FUNCTION_INDIRECT};
    }
    return bad_table("entries of functions lead to each other", at);
  }

  [[nodiscard]] BadFrame read_info(std::uint32_t at, UnwindInfo& info) const noexcept {
    if (!request_.image.read(at, info))
      return bad_table("unwinding data is outside of the image", at);
    if (info.version() != 1 && info.version() != 2)
      return bad_table("unwinding data has an unknown version", at);
    if (info.frame_register() == 4) return bad_table("the stack pointer is no frame register", at);
    return {};
  }

  [[nodiscard]] BadFrame unwind_function() noexcept {
    RUNTIME_FUNCTION function{};
    if (BadFrame const bad = read_function(function)) return bad;
    std::uint32_t at = function.UnwindData;
    UnwindInfo info{};
    if (BadFrame const bad = read_info(at, info)) return bad;
    std::uint32_t const offset = request_.at - function.BeginAddress;
    bool const chained = (info.flags() & UNW_FLAG_CHAININFO) != 0;
    bool const in_prolog = offset < info.prolog_bytes;
    set_establisher(at, info, in_prolog ? offset : ~0u);
    Epilog epilog;
    if ((!in_prolog || chained) && may_be_epilog(at, info, function) &&
        read_epilog(request_.image, request_.at, function, info.frame_register(), epilog))
      return leave(epilog);
    if (BadFrame const bad = undo(at, info, in_prolog ? offset : ~0u)) return bad;
    if (!in_prolog && !chained) set_handler(at, info);
    for (unsigned i = 0; (info.flags() & UNW_FLAG_CHAININFO) != 0; ++i) {
      if (i == most_chained) return bad_table("chained unwinding data has no end", at);
      RUNTIME_FUNCTION primary{};
      if (!request_.image.read(std::uint64_t{at} + info.bytes(), primary))
        return bad_table("chained unwinding data is outside of the image", at);
      at = primary.UnwindData;
      if (BadFrame const bad = read_info(at, info)) return bad;
      if (BadFrame const bad = undo(at, info, ~0u)) return bad;
      if ((info.flags() & UNW_FLAG_CHAININFO) == 0 && !in_prolog) set_handler(at, info);
    }
    return machine_frame_ ? BadFrame{} : pop_return_address();
  }

  // Version 2 says where they are: at the function's end, and so many bytes before it.
  [[nodiscard]] bool may_be_epilog(std::uint32_t at, UnwindInfo const& info,
                                   RUNTIME_FUNCTION const& function) const noexcept {
    if (info.version() != 2) return true;
    UnwindSlot slot{};
    if (info.slot_count == 0 || !request_.image.read(std::uint64_t{at} + 4, slot) ||
        slot.code() != UnwindCode::epilog)
      return false;
    std::uint32_t const bytes = slot.offset, to_end = function.EndAddress - request_.at;
    if ((slot.information() & 1) != 0 && to_end - 1 < bytes) return true;
    for (unsigned i = 1; i < info.slot_count; ++i) {
      if (!request_.image.read(std::uint64_t{at} + 4 + 2 * i, slot) ||
          slot.code() != UnwindCode::epilog)
        return false;
      std::uint32_t const begins = slot.offset | slot.information() << 8;
      if (begins >= to_end && begins - to_end < bytes) return true;
    }
    return false;
  }

  [[nodiscard]] BadFrame leave(Epilog const& epilog) noexcept {
    if (epilog.sets_stack)
      context_.Rsp =
          register_of(context_, epilog.base) + static_cast<std::uint64_t>(epilog.displacement);
    for (unsigned i = 0; i < epilog.pop_count; ++i) {
      if (BadFrame const bad = load_register(epilog.pops[i], context_.Rsp)) return bad;
      context_.Rsp += sizeof(ULONG64);
    }
    BadFrame const bad = pop_return_address();
    context_.Rsp += epilog.returned_bytes;
    return bad;
  }

  // A frame register names the frame once the prolog has set it.
  void set_establisher(std::uint32_t at, UnwindInfo const& info, std::uint32_t executed) noexcept {
    if (info.frame_register() == 0) return;
    bool is_set = executed == ~0u || (info.flags() & UNW_FLAG_CHAININFO) != 0;
    UnwindSlot slot{};
    for (unsigned i = 0; !is_set && i < info.slot_count;
         i += std::max(1u, slots_of(slot.code(), slot.information()))) {
      if (!request_.image.read(std::uint64_t{at} + 4 + 2 * i, slot)) return;
      is_set = slot.code() == UnwindCode::set_frame_register && slot.offset <= executed;
    }
    if (is_set)
      frame_.establisher = register_of(context_, info.frame_register()) - info.frame_offset();
  }

  void set_handler(std::uint32_t at, UnwindInfo const& info) noexcept {
    std::uint32_t const place = at + info.bytes();
    if ((info.flags() & request_.handler_type & (UNW_FLAG_EHANDLER | UNW_FLAG_UHANDLER)) == 0)
      return;
    if (!request_.image.read(place, frame_.handler)) return;
    frame_.handler_data = place + sizeof(ULONG);
  }

  // Takes back what the prolog's first `executed` bytes did.
  [[nodiscard]] BadFrame undo(std::uint32_t at, UnwindInfo const& info,
                              std::uint32_t executed) noexcept {
    for (unsigned i = 0; i < info.slot_count;) {
      UnwindSlot slot{};
      std::uint32_t const place = at + 4 + 2 * i;
      if (!request_.image.read(place, slot))
        return bad_table("unwinding data is outside of the image", place);
      unsigned const slots = slots_of(slot.code(), slot.information());
      if (slots == 0 || info.slot_count - i < slots)
        return bad_table("there is no such unwind code", place);
      if (slot.offset <= executed)
        if (BadFrame const bad = undo_code(place, slot, info)) return bad;
      i += slots;
    }
    return {};
  }

  // The slots behind the first: one, unscaled, or two.
  [[nodiscard]] std::uint64_t operand(std::uint32_t place, bool far) const noexcept {
    ULONG wide = 0;
    USHORT narrow = 0;
    if (far && request_.image.read(std::uint64_t{place} + 2, wide)) return wide;
    if (!far && request_.image.read(std::uint64_t{place} + 2, narrow)) return narrow;
    return 0;
  }

  [[nodiscard]] BadFrame undo_code(std::uint32_t place, UnwindSlot slot,
                                   UnwindInfo const& info) noexcept {
    unsigned const information = slot.information();
    switch (slot.code()) {
      case UnwindCode::push_register: {
        BadFrame const bad = load_register(information, context_.Rsp);
        context_.Rsp += sizeof(ULONG64);
        return bad;
      }
      case UnwindCode::allocate_large:
        context_.Rsp += information == 0 ? operand(place, false) * 8 : operand(place, true);
        return {};
      case UnwindCode::allocate_small:
        context_.Rsp += information * 8 + 8;
        return {};
      case UnwindCode::set_frame_register:
        context_.Rsp = register_of(context_, info.frame_register()) - info.frame_offset();
        return {};
      case UnwindCode::save_register:
        return load_register(information, frame_.establisher + operand(place, false) * 8);
      case UnwindCode::save_register_far:
        return load_register(information, frame_.establisher + operand(place, true));
      case UnwindCode::save_vector:
        return load_vector(information, frame_.establisher + operand(place, false) * 16);
      case UnwindCode::save_vector_far:
        return load_vector(information, frame_.establisher + operand(place, true));
      case UnwindCode::push_machine_frame:
        return pop_machine_frame(information);
      case UnwindCode::epilog:
      case UnwindCode::spare:
        return {};
    }
    return bad_table("there is no such unwind code", place);
  }

  // What the processor pushed for an interrupt: rip, cs, rflags, rsp, ss; below it an error code,
  // if there is one.
  [[nodiscard]] BadFrame pop_machine_frame(unsigned with_error_code) noexcept {
    std::uint64_t const at = context_.Rsp + (with_error_code != 0 ? sizeof(ULONG64) : 0);
    machine_frame_ = true;
    if (BadFrame const bad = load(at, context_.Rip)) return bad;
    return load(at + 3 * sizeof(ULONG64), context_.Rsp);
  }

  UnwindRequest const& request_;
  CONTEXT& context_;
  Frame& frame_;
  std::uint64_t const began_at_;
  bool machine_frame_ = false;
};

}  // namespace

std::uint32_t NTAPI find_function(LoadedImage const& image, std::uint32_t at) noexcept {
  std::uint32_t low = 0, high = image.function_count;
  while (low < high) {
    std::uint32_t const middle = low + (high - low) / 2;
    std::uint32_t const place =
        image.functions + middle * static_cast<std::uint32_t>(sizeof(RUNTIME_FUNCTION));
    RUNTIME_FUNCTION function{};
    if (!image.read(place, function)) return 0;
    if (at < function.BeginAddress)
      high = middle;
    else if (at >= function.EndAddress)
      low = middle + 1;
    else
      return place;
  }
  return 0;
}

BadFrame NTAPI virtual_unwind(UnwindRequest const& request, CONTEXT& context,
                              Frame& frame) noexcept {
  return Unwinding{request, context, frame}.run();
}

}  // namespace mica::ldr
