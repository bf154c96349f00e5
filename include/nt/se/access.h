// Access checks: whether a subject may do to an object what it wants to.
//                                     [MSDN SeAccessCheck; MS-DTYP 2.5.3 "Access Checks"; ntifs.h]
#pragma once

#include <nt/se/descriptor.h>
#include <nt/se/token.h>

#ifdef __cplusplus
extern "C" {
#endif

#define INHERIT_ONLY_ACE 0x08  // an entry for what is made below the object, not for the object

// Keeps a captured subject as it is, from one check to the next; normal kernel APCs wait meanwhile,
// as in a critical region. IRQL PASSIVE_LEVEL.  [MSDN SeLockSubjectContext, SeUnlockSubjectContext]
VOID NTAPI SeLockSubjectContext(PSECURITY_SUBJECT_CONTEXT SubjectContext);
VOID NTAPI SeUnlockSubjectContext(PSECURITY_SUBJECT_CONTEXT SubjectContext);

// Whether the subject may have DesiredAccess, or with MAXIMUM_ALLOWED anything. Entries count in
// their order, the first that speaks of a right decides; an owner may always READ_CONTROL and
// WRITE_DAC, unless the list has an entry for "owner rights". For KernelMode everything is granted.
//   PreviouslyGrantedAccess is granted and not judged. *GrantedAccess: what is granted in all, 0 if
//   the answer is FALSE. *Privileges, unless Privileges is NULL: which of the subject's privileges
//   it took, for SeFreePrivileges; NULL: none.
//   *AccessStatus: STATUS_SUCCESS; STATUS_ACCESS_DENIED, for a descriptor that is NULL too;
//   STATUS_PRIVILEGE_NOT_HELD: ACCESS_SYSTEM_SECURITY wants SeSecurityPrivilege;
//   STATUS_BAD_IMPERSONATION_LEVEL: the client may be identified and no more;
//   STATUS_INSUFFICIENT_RESOURCES: there is no memory for *Privileges.
// IRQL PASSIVE_LEVEL.                                                         [MSDN SeAccessCheck]
BOOLEAN NTAPI SeAccessCheck(PSECURITY_DESCRIPTOR SecurityDescriptor,
                            PSECURITY_SUBJECT_CONTEXT SubjectSecurityContext,
                            BOOLEAN SubjectContextLocked, ACCESS_MASK DesiredAccess,
                            ACCESS_MASK PreviouslyGrantedAccess, PPRIVILEGE_SET* Privileges,
                            PGENERIC_MAPPING GenericMapping, KPROCESSOR_MODE AccessMode,
                            PACCESS_MASK GrantedAccess, PNTSTATUS AccessStatus);
VOID NTAPI SeFreePrivileges(PPRIVILEGE_SET Privileges);  //                 [MSDN SeFreePrivileges]

// Whether so many bytes are a valid self-relative descriptor. IRQL PASSIVE_LEVEL.
//                                                                [MSDN SeValidSecurityDescriptor]
BOOLEAN NTAPI SeValidSecurityDescriptor(ULONG Length, PSECURITY_DESCRIPTOR SecurityDescriptor);

#ifdef __cplusplus
}
#endif
