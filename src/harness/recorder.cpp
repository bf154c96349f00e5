#include "harness/recorder.hpp"

#include <fmt/format.h>
#include <fnmatch.h>
#include <nt/ntifs.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstring>

#include "hal_host/simulation.hpp"
#include "ke/processor.hpp"
#include "ps/thread.hpp"

namespace mica {

using harness::Captured;
using harness::Record;
using trace::Kind;
using What = TraceEvent::What;

namespace {

// A page as large as Linux has: to touch small ones for the first time takes longer than what is
// written there.
constexpr std::size_t block_bytes = std::size_t{2} << 20;
constexpr std::size_t most_captured = 256;  // bytes of one text
constexpr std::size_t largest_record =
    sizeof(Record) + trace::most_parameters * (8 + sizeof(Captured) + most_captured);

constexpr std::size_t whole_words(std::size_t bytes) noexcept {
  return (bytes + 7) & ~std::size_t{7};
}

hal_host::Region const& region() noexcept {
  return Machine::current().core.simulation->region();
}

bool may_read(std::uint64_t address, std::size_t bytes) noexcept {
  auto const* const place = reinterpret_cast<void const*>(address);
  return bytes != 0 && region().contains(place) && region().allows(place, bytes, false);
}

template <class Value>
Value value_at(std::uint64_t address) noexcept {
  Value value;
  std::memcpy(&value, reinterpret_cast<void const*>(address), sizeof value);
  return value;
}

// Idle threads have no identifier.
std::uint32_t current_thread_id() noexcept {
  ke::Processor& processor = ke::processor_block();
  ke::Thread& thread = ke::current_thread();
  if (&thread == &processor.idle) return 0;
  return static_cast<std::uint32_t>(
      reinterpret_cast<ULONG_PTR>(reinterpret_cast<_ETHREAD&>(thread).client.id));
}

// Puts what words point to behind them.
class Capture {
 public:
  explicit Capture(std::byte* at) noexcept : at_{at} {}

  void take(unsigned word, Kind kind, std::uint64_t value) noexcept {
    switch (kind) {
      case Kind::unicode_string:
      case Kind::ansi_string:
        return take_string(word, value);
      case Kind::object_attributes:
        if (may_read(value, sizeof(OBJECT_ATTRIBUTES)))
          take_string(word, as_address(value_at<OBJECT_ATTRIBUTES>(value).ObjectName));
        return;
      case Kind::text:
        return take_terminated(word, value, 1);
      case Kind::wide_text:
        return take_terminated(word, value, sizeof(WCHAR));
      case Kind::signed_64_at:
        return put(word, value, sizeof(LONGLONG));
      default:
        return;
    }
  }

  [[nodiscard]] std::byte* end() const noexcept { return at_; }
  [[nodiscard]] std::uint32_t count() const noexcept { return count_; }

 private:
  template <class Pointer>
  static std::uint64_t as_address(Pointer* pointer) noexcept {
    return reinterpret_cast<std::uintptr_t>(pointer);
  }

  void put(unsigned word, std::uint64_t address, std::size_t bytes) noexcept {
    if (bytes != 0 && !may_read(address, bytes)) return;
    Captured const captured{word, static_cast<std::uint32_t>(bytes)};
    std::memcpy(at_, &captured, sizeof captured);
    std::memcpy(at_ + sizeof captured, reinterpret_cast<void const*>(address), bytes);
    at_ += sizeof captured + whole_words(bytes);
    ++count_;
  }

  // Counted strings of both widths look alike.
  void take_string(unsigned word, std::uint64_t address) noexcept {
    if (!may_read(address, sizeof(UNICODE_STRING))) return;
    auto const string = value_at<UNICODE_STRING>(address);
    put(word, as_address(string.Buffer), std::min<std::size_t>(string.Length, most_captured));
  }

  void take_terminated(unsigned word, std::uint64_t address, std::size_t unit) noexcept {
    std::size_t bytes = 0;
    for (; bytes + unit <= most_captured; bytes += unit) {
      std::uint64_t const at = address + bytes;
      bool const on_next_page = bytes == 0 || at % page_size < unit;
      if (on_next_page && !may_read(at, unit)) return;
      if ((unit == 1 ? value_at<UCHAR>(at) : value_at<WCHAR>(at)) == 0) break;
    }
    put(word, address, bytes);
  }

  std::byte* at_;
  std::uint32_t count_ = 0;
};

// What a request is about stands beside a dispatch routine's arguments.
trace::Signature const& describe_request(std::uint64_t irp, std::uint64_t* more) noexcept {
  IO_STACK_LOCATION const& stack = *IoGetCurrentIrpStackLocation(reinterpret_cast<PIRP>(irp));
  switch (stack.MajorFunction) {
    case IRP_MJ_READ:
    case IRP_MJ_WRITE:
      more[0] = stack.Parameters.Read.Length;
      more[1] = static_cast<std::uint64_t>(stack.Parameters.Read.ByteOffset.QuadPart);
      break;
    case IRP_MJ_DEVICE_CONTROL:
    case IRP_MJ_INTERNAL_DEVICE_CONTROL:
      more[0] = stack.Parameters.DeviceIoControl.IoControlCode;
      more[1] = stack.Parameters.DeviceIoControl.InputBufferLength;
      more[2] = stack.Parameters.DeviceIoControl.OutputBufferLength;
      break;
    case IRP_MJ_PNP:
      more[0] = stack.MinorFunction;
      break;
  }
  return trace::signature_of_request(stack.MajorFunction);
}

std::uint64_t NTAPI hear_entered(trace::Listener& listener, trace::Callback callback,
                                 void const* routine, std::uint64_t const* arguments,
                                 unsigned count) noexcept {
  std::uint64_t words[trace::most_parameters];
  std::memcpy(words, arguments, count * sizeof *words);
  trace::Signature const& signature = callback == trace::Callback::dispatch
                                          ? describe_request(arguments[1], words + count)
                                          : trace::signature_of(callback);
  return static_cast<Trace::Recorder&>(listener).begin_entry(signature, routine, words);
}

void NTAPI hear_left(trace::Listener& listener, trace::Callback, std::uint64_t number,
                     std::uint64_t result) noexcept {
  static_cast<Trace::Recorder&>(listener).end(What::leave, number, result);
}

}  // namespace

Trace::Recorder::Recorder(std::string_view names, std::size_t most_bytes)
    : Listener{hear_entered, hear_left} {
  blocks_.reserve(most_bytes / block_bytes);
  for (std::size_t begin = 0; begin <= names.size();) {
    std::size_t const end = std::min(names.find(',', begin), names.size());
    names_.emplace_back(names.substr(begin, end - begin));
    begin = end + 1;
  }
}

bool Trace::Recorder::wants(std::string_view name) const {
  std::string const whole{name};
  return std::ranges::any_of(names_, [&](std::string const& each) {
    return fnmatch(each.c_str(), whole.c_str(), 0) == 0;
  });
}

trace::Signature const& Trace::Recorder::signature(std::string_view name) {
  if (auto const* const known = trace::find_signature(name)) return *known;
  for (auto const& [own, made] : others_)
    if (own == name) return made;
  auto& [own, made] = others_.emplace_back(name, trace::Signature{});
  made = {own.c_str(),
          Kind::unsigned_64,
          {{Kind::pointer, "rcx"},
           {Kind::pointer, "rdx"},
           {Kind::pointer, "r8"},
           {Kind::pointer, "r9"}}};
  return made;
}

void Trace::Recorder::add_image(std::string_view name, ldr::LoadedImage const& image) {
  images_.push_front({std::string{name}, image.start(), image.start() + image.bytes,
                      harness::named_places(image)});
}

harness::ImageRange const* Trace::Recorder::image_at(std::uint64_t address) const noexcept {
  for (harness::ImageRange const& each : images_)
    if (address >= each.begin && address < each.end) return &each;
  return nullptr;
}

std::uint64_t Trace::Recorder::begin_call(trace::Signature const& signature, std::uint64_t caller,
                                          ULONG64 const* in_registers,
                                          ULONG64 const* on_stack) noexcept {
  constexpr unsigned registers = 4;
  std::uint64_t words[trace::most_parameters];
  unsigned const count = signature.count();
  for (unsigned i = 0; i < count; ++i)
    words[i] = i < registers ? in_registers[i] : on_stack[i - registers];
  std::lock_guard const guard{mutex_};
  write(What::call, &signature, caller, ++numbers_, {words, count});
  return numbers_;
}

// The executive's own routines, and those of drivers that were never loaded, are not recorded: 0.
std::uint64_t Trace::Recorder::begin_entry(trace::Signature const& signature, void const* routine,
                                           std::uint64_t const* words) noexcept {
  auto const place = reinterpret_cast<std::uintptr_t>(routine);
  if (image_at(place) == nullptr || !wants(signature.name)) return 0;
  std::lock_guard const guard{mutex_};
  write(What::enter, &signature, place, ++numbers_, {words, signature.count()});
  return numbers_;
}

// What is read is known by then.
void Trace::Recorder::access(harness::AccessRecord const& access,
                             std::string const& name) noexcept {
  std::lock_guard const guard{mutex_};
  std::uint64_t const words[] = {access.address, 8u * access.bytes, access.value};
  write(access.is_write ? What::write : What::read, &access_signature(name, access.is_port),
        access.place, ++numbers_, words);
}

trace::Signature const& Trace::Recorder::access_signature(std::string const& name, bool is_port) {
  auto const [at, added] = accesses_.try_emplace({name, is_port});
  if (added)
    at->second = {at->first.first.c_str(),
                  Kind::unsigned_64,
                  {{Kind::unsigned_64, is_port ? "port" : "memory"},
                   {Kind::size, "bits"},
                   {Kind::unsigned_64, "value"}}};
  return at->second;
}

void Trace::Recorder::end(What what, std::uint64_t number, std::uint64_t result) noexcept {
  if (number == 0) return;
  std::lock_guard const guard{mutex_};
  write(what, nullptr, 0, number, {&result, 1});
}

void Trace::Recorder::end_by_exception(std::uint64_t number) noexcept {
  std::lock_guard const guard{mutex_};
  write(What::result, nullptr, 0, number, {});
}

std::byte* Trace::Recorder::take(std::size_t bytes) noexcept {
  if (blocks_.empty() || blocks_.back().used + bytes > block_bytes) {
    if (lost != 0 || blocks_.size() == blocks_.capacity()) return nullptr;
    auto* const memory = static_cast<std::byte*>(std::aligned_alloc(block_bytes, block_bytes));
    if (memory == nullptr) return nullptr;
    ::madvise(memory, block_bytes, MADV_HUGEPAGE);
    blocks_.push_back({std::unique_ptr<std::byte, Free>{memory}, 0});
  }
  return blocks_.back().memory.get() + blocks_.back().used;
}

void Trace::Recorder::write(What what, trace::Signature const* signature, std::uint64_t place,
                            std::uint64_t number, std::span<std::uint64_t const> words) noexcept {
  // There is room for the largest one before it is known how large this one is.
  std::byte* const at = take(largest_record);
  if (at == nullptr) {
    ++lost;
    return;
  }
  std::memcpy(at + sizeof(Record), words.data(), words.size_bytes());
  Capture capture{at + sizeof(Record) + words.size_bytes()};
  if (signature != nullptr)
    for (unsigned i = 0; i < words.size(); ++i)
      capture.take(i, signature->parameters[i].kind, words[i]);
  auto const bytes = static_cast<std::uint32_t>(capture.end() - at);
  Machine::Processor const& processor = Machine::current();
  Record const record{bytes,
                      what,
                      processor.core.level,
                      static_cast<std::uint8_t>(processor.pcr.Prcb.Number),
                      static_cast<std::uint8_t>(words.size()),
                      signature,
                      place,
                      number,
                      processor.core.simulation->now_100ns(),
                      current_thread_id(),
                      capture.count()};
  std::memcpy(at, &record, sizeof record);
  blocks_.back().used += bytes;
}

}  // namespace mica
