#include <mica/file.hpp>

#include <nt/ntifs.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include "io/thread_requests.hpp"
#include "ke/thread.hpp"

namespace mica {
namespace {

constexpr ULONG tag = 'eliF';
constexpr std::size_t buffer_alignment = 64;  // what a device may want

// Speaks as that caller for a scope.
class [[nodiscard]] Speaking {
 public:
  explicit Speaking(Caller caller) noexcept
      : before_{std::exchange(
            ke::current_thread().previous_mode,
            static_cast<KPROCESSOR_MODE>(caller == Caller::program ? UserMode : KernelMode))} {}
  Speaking(Speaking const&) = delete;
  Speaking& operator=(Speaking const&) = delete;
  ~Speaking() { ke::current_thread().previous_mode = before_; }

 private:
  KPROCESSOR_MODE const before_;
};

LARGE_INTEGER at(std::uint64_t offset) noexcept {
  LARGE_INTEGER value;
  value.QuadPart = static_cast<LONGLONG>(offset);
  return value;
}

ULONG length(std::size_t bytes) noexcept {
  return static_cast<ULONG>(std::min<std::size_t>(bytes, MAXULONG));
}

}  // namespace

// The buffers follow, each as aligned as a device may want it.
struct alignas(buffer_alignment) Request::State {
  HANDLE event;
  IO_STATUS_BLOCK result;
  NTSTATUS called;  // what the call said
  std::size_t input_bytes;
  std::size_t output_bytes;

  [[nodiscard]] std::byte* input() noexcept { return reinterpret_cast<std::byte*>(this + 1); }
  [[nodiscard]] std::byte* output() noexcept {
    return input() + (input_bytes + buffer_alignment - 1) / buffer_alignment * buffer_alignment;
  }
  [[nodiscard]] bool is_over(bool waits) const noexcept {
    if (called != STATUS_PENDING) return true;
    LARGE_INTEGER now{};
    return ZwWaitForSingleObject(event, FALSE, waits ? nullptr : &now) == STATUS_SUCCESS;
  }

  // Null without memory.
  [[nodiscard]] static State* make(std::span<std::byte const> input, std::size_t output_bytes) {
    std::size_t const bytes = sizeof(State) + input.size() + output_bytes + buffer_alignment;
    // A block of a page begins one: smaller ones are not aligned so well.
    void* const memory =
        ExAllocatePool2(POOL_FLAG_NON_PAGED, std::max<std::size_t>(bytes, PAGE_SIZE), tag);
    if (memory == nullptr) return nullptr;
    auto* const state = new (memory) State{};
    state->input_bytes = input.size();
    state->output_bytes = output_bytes;
    if (!input.empty()) std::memcpy(state->input(), input.data(), input.size());
    state->called =
        ZwCreateEvent(&state->event, EVENT_ALL_ACCESS, nullptr, NotificationEvent, FALSE);
    return state;
  }
};

void Request::End::operator()(State* state) const noexcept {
  if (!state->is_over(false)) {
    static_cast<void>(io::cancel_everywhere({.result = &state->result}));
    static_cast<void>(state->is_over(true));
  }
  if (state->event != nullptr) ZwClose(state->event);
  ExFreePoolWithTag(state, tag);
}

Request::Request(Request&&) noexcept = default;
Request& Request::operator=(Request&&) noexcept = default;
Request::~Request() = default;

bool Request::pending() const {
  return state_ != nullptr && !state_->is_over(false);
}

std::int32_t Request::status() const {
  if (state_ == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  if (pending()) return STATUS_PENDING;
  return state_->called == STATUS_PENDING ? state_->result.Status : state_->called;
}

std::size_t Request::information() const {
  return state_ == nullptr || pending() ? 0 : state_->result.Information;
}

std::span<std::byte const> Request::bytes() const {
  if (state_ == nullptr) return {};
  return {state_->output(), std::min(information(), state_->output_bytes)};
}

std::int32_t Request::wait() {
  if (state_ != nullptr) static_cast<void>(state_->is_over(true));
  return status();
}

bool Request::cancel() {
  return pending() && io::cancel_everywhere({.result = &state_->result});
}

File::File(std::u16string_view name, OpenOptions const& options) : caller_{options.caller} {
  constexpr std::size_t longest = 0xFFFE;
  std::size_t const bytes = name.size() * sizeof(WCHAR);
  if (bytes > longest) {
    status_ = STATUS_OBJECT_NAME_INVALID;
    return;
  }
  UNICODE_STRING path{static_cast<USHORT>(bytes), static_cast<USHORT>(bytes),
                      const_cast<WCHAR*>(name.data())};
  OBJECT_ATTRIBUTES attributes;
  InitializeObjectAttributes(&attributes, &path, OBJ_CASE_INSENSITIVE, nullptr, nullptr);
  IO_STATUS_BLOCK result{};
  Speaking const speaking{caller_};
  status_ = NtCreateFile(&handle_, options.access, &attributes, &result, nullptr, 0, options.share,
                         options.disposition, options.options, nullptr, 0);
}

File::File(File&& other) noexcept
    : handle_{std::exchange(other.handle_, nullptr)},
      status_{other.status_},
      caller_{other.caller_} {}

File& File::operator=(File&& other) noexcept {
  std::swap(handle_, other.handle_);
  std::swap(status_, other.status_);
  std::swap(caller_, other.caller_);
  return *this;
}

File::~File() {
  close();
}

void File::close() noexcept {
  if (handle_ != nullptr) ZwClose(std::exchange(handle_, nullptr));
}

Request File::read_async(std::size_t bytes, std::uint64_t offset) {
  Request request{Request::State::make({}, bytes)};
  auto* const state = request.state_.get();
  if (state == nullptr || !NT_SUCCESS(state->called)) return request;
  LARGE_INTEGER place = at(offset);
  Speaking const speaking{caller_};
  state->called = NtReadFile(handle_, state->event, nullptr, nullptr, &state->result,
                             state->output(), length(bytes), &place, nullptr);
  return request;
}

Request File::write_async(std::span<std::byte const> data, std::uint64_t offset) {
  Request request{Request::State::make(data, 0)};
  auto* const state = request.state_.get();
  if (state == nullptr || !NT_SUCCESS(state->called)) return request;
  LARGE_INTEGER place = at(offset);
  Speaking const speaking{caller_};
  state->called = NtWriteFile(handle_, state->event, nullptr, nullptr, &state->result,
                              state->input(), length(data.size()), &place, nullptr);
  return request;
}

Request File::ioctl_async(std::uint32_t code, std::span<std::byte const> input,
                          std::size_t output_bytes) {
  Request request{Request::State::make(input, output_bytes)};
  auto* const state = request.state_.get();
  if (state == nullptr || !NT_SUCCESS(state->called)) return request;
  Speaking const speaking{caller_};
  state->called = NtDeviceIoControlFile(handle_, state->event, nullptr, nullptr, &state->result,
                                        code, state->input(), length(input.size()), state->output(),
                                        length(output_bytes));
  return request;
}

Request File::read(std::size_t bytes, std::uint64_t offset) {
  Request request = read_async(bytes, offset);
  request.wait();
  return request;
}

Request File::write(std::span<std::byte const> data, std::uint64_t offset) {
  Request request = write_async(data, offset);
  request.wait();
  return request;
}

Request File::ioctl(std::uint32_t code, std::span<std::byte const> input,
                    std::size_t output_bytes) {
  Request request = ioctl_async(code, input, output_bytes);
  request.wait();
  return request;
}

}  // namespace mica
