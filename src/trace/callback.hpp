// Where the executive calls into drivers, and who hears of it.
//
// Rules
//   Whoever calls a driver's routine calls it by call(). A System without a listener pays for a
//   load and a branch. A listener calls no NT routine and no member of the machine that is a
//   scheduling point: what is listened to runs as it does when nobody listens, but to the explorer,
//   which is there for that (explore/calls.hpp). Any IRQL.
#pragma once

#include <nt/ntdef.h>

#include <cstdint>
#include <type_traits>

namespace mica::trace {

enum class Callback : std::uint8_t {
  entry,
  unload,
  add_device,
  dispatch,
  completion,
  cancel,
  dpc,
  timer,
  work_item,
  callback_object,
  interrupt_service,
  thread,
  notification,
  change_complete,
  adapter_control,
  adapter_list_control,
};

struct Listener {
  // What it returns is handed to left().
  std::uint64_t(NTAPI* entered)(Listener& listener, Callback callback, void const* routine,
                                std::uint64_t const* arguments, unsigned count) noexcept;
  void(NTAPI* left)(Listener& listener, Callback callback, std::uint64_t number,
                    std::uint64_t result) noexcept;
};

template <class Value>
[[nodiscard]] constexpr std::uint64_t as_word(Value value) noexcept {
  if constexpr (std::is_pointer_v<Value>)
    return reinterpret_cast<std::uintptr_t>(value);
  else
    return static_cast<std::uint64_t>(value);
}

template <class Result, class... Parameters>
[[gnu::noinline, gnu::cold]] Result NTAPI call_heard(Listener& listener, Callback callback,
                                                     Result(NTAPI* routine)(Parameters...),
                                                     Parameters... arguments) {
  std::uint64_t const words[] = {as_word(arguments)...};
  std::uint64_t const number =
      listener.entered(listener, callback, reinterpret_cast<void const*>(routine), words,
                       static_cast<unsigned>(sizeof...(Parameters)));
  if constexpr (std::is_void_v<Result>) {
    routine(arguments...);
    listener.left(listener, callback, number, 0);
  } else {
    Result const result = routine(arguments...);
    listener.left(listener, callback, number, as_word(result));
    return result;
  }
}

// routine(arguments...), with `listener`, if there is one, told before and after.
template <class Result, class... Parameters>
inline Result call(Listener* listener, Callback callback, Result(NTAPI* routine)(Parameters...),
                   std::type_identity_t<Parameters>... arguments) {
  if (listener != nullptr) [[unlikely]]
    return call_heard<Result, Parameters...>(*listener, callback, routine, arguments...);
  return routine(arguments...);
}

}  // namespace mica::trace
