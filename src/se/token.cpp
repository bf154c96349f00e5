#include "se/token.hpp"

#include "ob/type.hpp"
#include "se/well_known.hpp"

namespace mica::se {
namespace {

constexpr ULONG mandatory = SE_GROUP_MANDATORY | SE_GROUP_ENABLED_BY_DEFAULT | SE_GROUP_ENABLED;

constexpr Group system_groups[] = {
    {&administrators, SE_GROUP_ENABLED_BY_DEFAULT | SE_GROUP_ENABLED | SE_GROUP_OWNER},
    {&everyone, mandatory},
    {&authenticated_users, mandatory},
    {&system_integrity, SE_GROUP_INTEGRITY | SE_GROUP_INTEGRITY_ENABLED},
};

// What LocalSystem has, and what of it is enabled from the beginning. [MSDN "LocalSystem Account"]
constexpr Privilege system_privileges[] = {
    {SE_ASSIGNPRIMARYTOKEN_PRIVILEGE, false},
    {SE_LOCK_MEMORY_PRIVILEGE, true},
    {SE_INCREASE_QUOTA_PRIVILEGE, false},
    {SE_TCB_PRIVILEGE, true},
    {SE_SECURITY_PRIVILEGE, false},
    {SE_TAKE_OWNERSHIP_PRIVILEGE, false},
    {SE_LOAD_DRIVER_PRIVILEGE, false},
    {SE_SYSTEM_PROFILE_PRIVILEGE, true},
    {SE_SYSTEMTIME_PRIVILEGE, false},
    {SE_PROF_SINGLE_PROCESS_PRIVILEGE, true},
    {SE_INC_BASE_PRIORITY_PRIVILEGE, true},
    {SE_CREATE_PAGEFILE_PRIVILEGE, true},
    {SE_CREATE_PERMANENT_PRIVILEGE, true},
    {SE_BACKUP_PRIVILEGE, false},
    {SE_RESTORE_PRIVILEGE, false},
    {SE_SHUTDOWN_PRIVILEGE, false},
    {SE_DEBUG_PRIVILEGE, true},
    {SE_AUDIT_PRIVILEGE, true},
    {SE_SYSTEM_ENVIRONMENT_PRIVILEGE, false},
    {SE_CHANGE_NOTIFY_PRIVILEGE, true},
    {SE_UNDOCK_PRIVILEGE, false},
    {SE_MANAGE_VOLUME_PRIVILEGE, false},
    {SE_IMPERSONATE_PRIVILEGE, true},
    {SE_CREATE_GLOBAL_PRIVILEGE, true},
    {SE_INC_WORKING_SET_PRIVILEGE, true},
    {SE_TIME_ZONE_PRIVILEGE, true},
    {SE_CREATE_SYMBOLIC_LINK_PRIVILEGE, true},
};

constexpr LUID system_logon{0x3e7, 0};  // SYSTEM_LUID
constexpr LUID first_token{1, 0};

ob::TypeOptions token_type_options() noexcept {
  ob::TypeOptions options{};
  options.name = u"Token";
  options.mapping = {TOKEN_READ, TOKEN_WRITE, TOKEN_EXECUTE, TOKEN_ALL_ACCESS};
  options.valid_access = TOKEN_ALL_ACCESS;
  options.tag = ob::pool_tag("Toke");
  return options;
}

}  // namespace

NTSTATUS NTAPI initialize() noexcept {
  State& se = state();
  fill_exports(se.known);
  se.exports = &se.known;
  NTSTATUS status = ob::create_type(token_type_options(), &se.token_type);
  if (!NT_SUCCESS(status)) return status;
  void* object = nullptr;
  status = ObCreateObject(KernelMode, se.token_type, nullptr, KernelMode, nullptr, sizeof(Token), 0,
                          0, &object);
  if (!NT_SUCCESS(status)) return status;
  se.system_token = static_cast<Token*>(object);
  *se.system_token = {
      .id = first_token,
      .logon = system_logon,
      .source = {'*', 'S', 'Y', 'S', 'T', 'E', 'M', '*'},
      .session = 0,
      .user = &local_system,
      .owner = &administrators,
      .primary_group = &local_system,
      .groups = system_groups,
      .privileges = system_privileges,
  };
  return STATUS_SUCCESS;
}

bool NTAPI has_enabled(Token const& token, LUID privilege) noexcept {
  for (Privilege const& one : token.privileges)
    if (one.number == privilege.LowPart && privilege.HighPart == 0) return one.enabled;
  return false;
}

}  // namespace mica::se

using namespace mica;

BOOLEAN NTAPI SeSinglePrivilegeCheck(LUID PrivilegeValue, KPROCESSOR_MODE PreviousMode) {
  return PreviousMode == KernelMode || se::has_enabled(*se::state().system_token, PrivilegeValue);
}

BOOLEAN NTAPI SePrivilegeCheck(PPRIVILEGE_SET RequiredPrivileges,
                               PSECURITY_SUBJECT_CONTEXT SubjectSecurityContext,
                               KPROCESSOR_MODE AccessMode) {
  if (AccessMode == KernelMode) return TRUE;
  auto const& token = *static_cast<se::Token const*>(SubjectSecurityContext->PrimaryToken);
  ULONG found = 0;
  for (ULONG i = 0; i < RequiredPrivileges->PrivilegeCount; ++i) {
    LUID_AND_ATTRIBUTES& wanted = RequiredPrivileges->Privilege[i];
    if (!se::has_enabled(token, wanted.Luid)) continue;
    wanted.Attributes |= SE_PRIVILEGE_USED_FOR_ACCESS;
    ++found;
  }
  bool const all = (RequiredPrivileges->Control & PRIVILEGE_SET_ALL_NECESSARY) != 0;
  return all ? found == RequiredPrivileges->PrivilegeCount : found != 0;
}

VOID NTAPI SeCaptureSubjectContext(PSECURITY_SUBJECT_CONTEXT SubjectContext) {
  *SubjectContext = {};
  SubjectContext->PrimaryToken = se::state().system_token;
  ObfReferenceObject(SubjectContext->PrimaryToken);
}

VOID NTAPI SeReleaseSubjectContext(PSECURITY_SUBJECT_CONTEXT SubjectContext) {
  ObDereferenceObject(SubjectContext->PrimaryToken);
  *SubjectContext = {};
}

BOOLEAN NTAPI SeTokenIsAdmin(PACCESS_TOKEN Token) {
  for (se::Group const& group : static_cast<se::Token const*>(Token)->groups)
    if (group.sid == &se::administrators && (group.attributes & SE_GROUP_ENABLED) != 0) return TRUE;
  return FALSE;
}
