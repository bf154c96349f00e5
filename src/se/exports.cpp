// What privileges and identifiers are called.                                  [MSDN SE_EXPORTS]
#include "se/token.hpp"
#include "se/well_known.hpp"

namespace mica::se {
namespace {

[[nodiscard]] LUID privilege(ULONG number) noexcept {
  return RtlConvertUlongToLuid(number);
}

// Nobody may write to one, and the ABI does not say so.
template <unsigned Count>
[[nodiscard]] PSID sid(FixedSid<Count> const& known) noexcept {
  return const_cast<FixedSid<Count>*>(&known);
}

}  // namespace

void NTAPI fill_exports(SE_EXPORTS& exports) noexcept {
  exports = {
      .SeCreateTokenPrivilege = privilege(SE_CREATE_TOKEN_PRIVILEGE),
      .SeAssignPrimaryTokenPrivilege = privilege(SE_ASSIGNPRIMARYTOKEN_PRIVILEGE),
      .SeLockMemoryPrivilege = privilege(SE_LOCK_MEMORY_PRIVILEGE),
      .SeIncreaseQuotaPrivilege = privilege(SE_INCREASE_QUOTA_PRIVILEGE),
      .SeUnsolicitedInputPrivilege = privilege(SE_MACHINE_ACCOUNT_PRIVILEGE),  // its later name
      .SeTcbPrivilege = privilege(SE_TCB_PRIVILEGE),
      .SeSecurityPrivilege = privilege(SE_SECURITY_PRIVILEGE),
      .SeTakeOwnershipPrivilege = privilege(SE_TAKE_OWNERSHIP_PRIVILEGE),
      .SeLoadDriverPrivilege = privilege(SE_LOAD_DRIVER_PRIVILEGE),
      .SeCreatePagefilePrivilege = privilege(SE_CREATE_PAGEFILE_PRIVILEGE),
      .SeIncreaseBasePriorityPrivilege = privilege(SE_INC_BASE_PRIORITY_PRIVILEGE),
      .SeSystemProfilePrivilege = privilege(SE_SYSTEM_PROFILE_PRIVILEGE),
      .SeSystemtimePrivilege = privilege(SE_SYSTEMTIME_PRIVILEGE),
      .SeProfileSingleProcessPrivilege = privilege(SE_PROF_SINGLE_PROCESS_PRIVILEGE),
      .SeCreatePermanentPrivilege = privilege(SE_CREATE_PERMANENT_PRIVILEGE),
      .SeBackupPrivilege = privilege(SE_BACKUP_PRIVILEGE),
      .SeRestorePrivilege = privilege(SE_RESTORE_PRIVILEGE),
      .SeShutdownPrivilege = privilege(SE_SHUTDOWN_PRIVILEGE),
      .SeDebugPrivilege = privilege(SE_DEBUG_PRIVILEGE),
      .SeAuditPrivilege = privilege(SE_AUDIT_PRIVILEGE),
      .SeSystemEnvironmentPrivilege = privilege(SE_SYSTEM_ENVIRONMENT_PRIVILEGE),
      .SeChangeNotifyPrivilege = privilege(SE_CHANGE_NOTIFY_PRIVILEGE),
      .SeRemoteShutdownPrivilege = privilege(SE_REMOTE_SHUTDOWN_PRIVILEGE),
      .SeNullSid = sid(null_sid),
      .SeWorldSid = sid(everyone),
      .SeLocalSid = sid(local),
      .SeCreatorOwnerSid = sid(creator_owner),
      .SeCreatorGroupSid = sid(creator_group),
      .SeNtAuthoritySid = sid(nt_authority),
      .SeDialupSid = sid(dialup),
      .SeNetworkSid = sid(network),
      .SeBatchSid = sid(batch),
      .SeInteractiveSid = sid(interactive),
      .SeLocalSystemSid = sid(local_system),
      .SeAliasAdminsSid = sid(administrators),
      .SeAliasUsersSid = sid(users),
      .SeAliasGuestsSid = sid(guests),
      .SeAliasPowerUsersSid = sid(power_users),
      .SeAliasAccountOpsSid = sid(account_operators),
      .SeAliasSystemOpsSid = sid(system_operators),
      .SeAliasPrintOpsSid = sid(print_operators),
      .SeAliasBackupOpsSid = sid(backup_operators),
      .SeAuthenticatedUsersSid = sid(authenticated_users),
      .SeRestrictedSid = sid(restricted),
      .SeAnonymousLogonSid = sid(anonymous_logon),
      .SeUndockPrivilege = privilege(SE_UNDOCK_PRIVILEGE),
      .SeSyncAgentPrivilege = privilege(SE_SYNC_AGENT_PRIVILEGE),
      .SeEnableDelegationPrivilege = privilege(SE_ENABLE_DELEGATION_PRIVILEGE),
      .SeLocalServiceSid = sid(local_service),
      .SeNetworkServiceSid = sid(network_service),
      .SeManageVolumePrivilege = privilege(SE_MANAGE_VOLUME_PRIVILEGE),
      .SeImpersonatePrivilege = privilege(SE_IMPERSONATE_PRIVILEGE),
      .SeCreateGlobalPrivilege = privilege(SE_CREATE_GLOBAL_PRIVILEGE),
      .SeTrustedCredManAccessPrivilege = privilege(SE_TRUSTED_CREDMAN_ACCESS_PRIVILEGE),
      .SeRelabelPrivilege = privilege(SE_RELABEL_PRIVILEGE),
      .SeIncreaseWorkingSetPrivilege = privilege(SE_INC_WORKING_SET_PRIVILEGE),
      .SeTimeZonePrivilege = privilege(SE_TIME_ZONE_PRIVILEGE),
      .SeCreateSymbolicLinkPrivilege = privilege(SE_CREATE_SYMBOLIC_LINK_PRIVILEGE),
      .SeIUserSid = sid(internet_user),
      .SeUntrustedMandatorySid = sid(untrusted_integrity),
      .SeLowMandatorySid = sid(low_integrity),
      .SeMediumMandatorySid = sid(medium_integrity),
      .SeHighMandatorySid = sid(high_integrity),
      .SeSystemMandatorySid = sid(system_integrity),
      .SeOwnerRightsSid = sid(owner_rights),
  };
}

}  // namespace mica::se

PSE_EXPORTS* NTAPI MicaCellSeExports() {
  return &mica::se::state().exports;
}
