// Tokens: an object's body of the type Token. It never changes once it is made.
#pragma once

#include <nt/se.h>

#include <span>

#include "ke/processor.hpp"

namespace mica::se {

struct Group {
  void const* sid;  // a SID, as PSID is
  ULONG attributes;
};

struct Privilege {
  UCHAR number;  // SE_..._PRIVILEGE
  bool enabled;
};

struct Token {
  LUID id;
  LUID logon;  // of the logon session
  CHAR source[8];
  ULONG session;
  void const* user;
  void const* owner;
  void const* primary_group;
  std::span<Group const> groups;
  std::span<Privilege const> privileges;
};

struct State {
  POBJECT_TYPE token_type;
  Token* system_token;  // every process's, as long as the System
  SE_EXPORTS known;
  PSE_EXPORTS exports;  // the cell: where `known` is
};

[[nodiscard]] inline State& state() noexcept {
  return *ke::processor_block().se;
}

// Makes the type Token and LocalSystem's. After ob::initialize. IRQL PASSIVE_LEVEL.
[[nodiscard]] NTSTATUS NTAPI initialize() noexcept;

void NTAPI fill_exports(SE_EXPORTS& exports) noexcept;

[[nodiscard]] bool NTAPI has_enabled(Token const& token, LUID privilege) noexcept;

}  // namespace mica::se
