#include "ldr/import_stub.hpp"

#include <cstddef>
#include <cstring>

namespace mica::ldr {
namespace {

static_assert(offsetof(ke::Thread, boundaries) == MICA_THREAD_BOUNDARIES);
static_assert(offsetof(ke::Thread, kernel_apc_disable) == MICA_THREAD_APC_DISABLE);
static_assert(offsetof(ke::Thread, special_apc_disable) == MICA_THREAD_APC_DISABLE + 2);
static_assert(offsetof(ke::Thread, stack_in_use) == MICA_THREAD_STACK_BASE);
static_assert(MICA_THREAD_STACK_BASE + offsetof(hal::Stack, bytes) == MICA_THREAD_STACK_BYTES);
static_assert(offsetof(KPCR, Prcb.CurrentThread) == MICA_KPCR_CURRENT_THREAD);
static_assert(offsetof(ImportStub, entry) == MICA_STUB_ENTRY);
static_assert(offsetof(ImportStub, routine) == MICA_STUB_ROUTINE);
static_assert(offsetof(ImportStub, watch) == MICA_STUB_WATCH);
static_assert(offsetof(ImportWatch, entered) == MICA_WATCH_ENTERED);
static_assert(offsetof(ImportWatch, left) == MICA_WATCH_LEFT);
static_assert(offsetof(ImportCall, boundary.outer) == MICA_CALL_OUTER);
static_assert(offsetof(ImportCall, boundary.kind) == MICA_CALL_KIND);
static_assert(offsetof(ImportCall, boundary.apc_disable) == MICA_CALL_APC_DISABLE);
static_assert(ke::BoundaryKind{} == ke::BoundaryKind::import);
static_assert(offsetof(ImportCall, stub) == MICA_CALL_STUB);
static_assert(offsetof(ImportCall, thread) == MICA_CALL_THREAD);
static_assert(offsetof(ImportCall, arguments) == MICA_CALL_ARGUMENTS);
static_assert(offsetof(ImportCall, rbx) == MICA_CALL_REGISTERS);
static_assert(offsetof(ImportCall, r15) == MICA_CALL_REGISTERS + 48);
static_assert(offsetof(ImportCall, result) == MICA_CALL_RESULT);
static_assert(offsetof(ImportCall, xmm) == MICA_CALL_VECTORS);
static_assert(offsetof(ImportCall, rbp) == MICA_CALL_RBP && MICA_CALL_RBP % 16 == 0);
static_assert(offsetof(ImportCall, return_address) == MICA_CALL_RBP + 8);

// leaq -7(%rip), %r10; jmp *16(%r10); what is never reached traps.
constexpr UCHAR stub_code[sizeof(ImportStub::code)] = {0x4C, 0x8D, 0x15, 0xF9,
                                                       0xFF, 0xFF, 0xFF,  //
                                                       0x41, 0xFF, 0x62, MICA_STUB_ENTRY,
                                                       0xCC, 0xCC, 0xCC, 0xCC,
                                                       0xCC};

// jmp *10(%rip), which is `entry`, and changes nothing else.
constexpr UCHAR bare_code[sizeof(ImportStub::code)] = {
    0xFF, 0x25, MICA_STUB_ENTRY - 6, 0, 0, 0, 0xCC, 0xCC, 0xCC, 0xCC, 0xCC, 0xCC, 0xCC, 0xCC,
    0xCC, 0xCC};

// import_stub.S
extern "C" void mica_call_import();
extern "C" void mica_call_variable_import();
extern "C" void mica_call_watched_import();
extern "C" void mica_call_imports_end();

[[nodiscard]] void (*entry_of(ImportKind kind, bool watched) noexcept)() {
  if (watched) return mica_call_watched_import;
  return kind == ImportKind::variable_routine ? mica_call_variable_import : mica_call_import;
}

}  // namespace

__attribute__((no_sanitize("thread"))) std::uint64_t NTAPI caller_of(
    std::uint64_t return_address) noexcept {
  auto const begin = reinterpret_cast<std::uint64_t>(&mica_call_import);
  auto const end = reinterpret_cast<std::uint64_t>(&mica_call_imports_end);
  if (return_address < begin || return_address >= end) return return_address;
  // Whom that code calls has the call as its thread's innermost boundary.
  return reinterpret_cast<ImportCall const*>(ke::current_thread().boundaries)->return_address;
}

void make_import_stub(ImportStub& stub, ImportTarget const& target,
                      ImportWatch const* watch) noexcept {
  bool const bare = target.kind == ImportKind::bare_routine;
  std::memcpy(stub.code, bare ? bare_code : stub_code, sizeof stub_code);
  stub.watched = bare || watch == nullptr ? nullptr : watch->choose(target.name);
  stub.entry = bare ? target.address
                    : reinterpret_cast<void const*>(entry_of(target.kind, stub.watched != nullptr));
  stub.routine = target.address;
  stub.watch = watch;
  stub.name = target.name;
}

}  // namespace mica::ldr
