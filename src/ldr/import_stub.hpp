// What a loaded image calls instead of a routine that it imports: code of its own for each import,
// which notes the caller's registers in an ImportCall on the stack while the routine runs. By it an
// exception is unwound from the executive into the image; and a watch is told of the call.
//
// Rules
//   Any IRQL at which the routine may be called. A watch must allow what the routine allows: it is
//   told at the level of the call, with whatever the caller holds held, and leaves both as they
//   were. It must live as long as the image.
#pragma once

#include <string_view>

#include "ke/boundary.hpp"
#include "ldr/import_stub.h"

namespace mica::ldr {

struct ImportCall;

// Who is told of every call through an import.
struct ImportWatch {
  void(NTAPI* entered)(ImportCall& call);
  void(NTAPI* left)(ImportCall& call);  // `result` is there
  // Instead of left: an exception left the routine.
  void(NTAPI* unwound)(ImportCall& call);
  // While an image is loaded: what its stub for this import keeps as `watched`; null: of that
  // import nobody is told.
  void const*(NTAPI* choose)(std::string_view name);
};

enum class ImportKind : std::uint8_t {
  data,
  routine,
  variable_routine,  // with as many arguments as its caller likes
  bare_routine,      // called as it is: about the caller's registers, which a stub changes
};

[[nodiscard]] constexpr bool has_stub(ImportKind kind) noexcept {
  return kind == ImportKind::routine || kind == ImportKind::variable_routine;
}

// What an import leads to.
struct ImportTarget {
  void const* address = nullptr;  // null: it is not there
  std::string_view name;          // lives as long as the executive
  ImportKind kind = ImportKind::data;
};

struct alignas(64) ImportStub {
  UCHAR code[16];  // goes on at `entry`, with its own address in r10
  void const* entry;
  void const* routine;
  ImportWatch const* watch;
  std::string_view name;
  void const* watched;
};

// On the stack, in one piece with what the caller left there.
struct ImportCall {
  ke::Boundary boundary;
  ImportStub const* stub;
  ke::Thread* thread;
  ULONG64 arguments[4];  // rcx, rdx, r8, r9: of a call that is watched
  ULONG64 rbx, rsi, rdi, r12, r13, r14, r15;
  ULONG64 result;      // as above
  ULONG64 xmm[10][2];  // 6 to 15
  ULONG64 rbp;         // the caller's...
  ULONG64 return_address;
  ULONG64 home[4];             // of a call that is watched the watch's
  ULONG64 stack_arguments[1];  // the fifth and what follows
};

// The stub's code is ready to run once its memory is executable. A null watch is told nothing; of a
// bare routine none is told.
void make_import_stub(ImportStub& stub, ImportTarget const& target,
                      ImportWatch const* watch) noexcept;

// LockTables::caller_of.
[[nodiscard]] std::uint64_t NTAPI caller_of(std::uint64_t return_address) noexcept;

}  // namespace mica::ldr
