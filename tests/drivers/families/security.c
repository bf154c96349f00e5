/* Who asks and may do what: identifiers, lists of rights, descriptors, tokens and privileges. */
#define FAMILY "security"
#include "expect.h"

#include <wdmsec.h>

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD SecurityUnload;

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#pragma alloc_text(PAGE, SecurityUnload)
#endif

typedef union _SID_ROOM {
  SID Sid;
  UCHAR Bytes[SECURITY_MAX_SID_SIZE];
} SID_ROOM, *PSID_ROOM;

/* S-1-5-32-544: the administrators. */
static VOID MakeAdministrators(PSID_ROOM Room) {
  SID_IDENTIFIER_AUTHORITY Authority = {SECURITY_NT_AUTHORITY};

  EXPECT(NT_SUCCESS(RtlInitializeSid(&Room->Sid, &Authority, 2)));
  *RtlSubAuthoritySid(&Room->Sid, 0) = SECURITY_BUILTIN_DOMAIN_RID;
  *RtlSubAuthoritySid(&Room->Sid, 1) = DOMAIN_ALIAS_RID_ADMINS;
}

static VOID CheckIdentifiers(VOID) {
  UNICODE_STRING Wanted = RTL_CONSTANT_STRING(L"S-1-5-32-544"), Text;
  SID_ROOM Administrators, Copy;

  MakeAdministrators(&Administrators);
  EXPECT(RtlValidSid(&Administrators.Sid) && *RtlSubAuthorityCountSid(&Administrators.Sid) == 2);
  EXPECT(RtlLengthSid(&Administrators.Sid) == RtlLengthRequiredSid(2));
  EXPECT(RtlCopySid(4, &Copy.Sid, &Administrators.Sid) == STATUS_BUFFER_TOO_SMALL);
  EXPECT(NT_SUCCESS(RtlCopySid(sizeof(Copy), &Copy.Sid, &Administrators.Sid)));
  EXPECT(RtlEqualSid(&Copy.Sid, &Administrators.Sid));
  *RtlSubAuthoritySid(&Copy.Sid, 1) += 1;
  EXPECT(!RtlEqualSid(&Copy.Sid, &Administrators.Sid));
  if (EXPECT(NT_SUCCESS(RtlConvertSidToUnicodeString(&Text, &Administrators.Sid, TRUE)))) {
    EXPECT(RtlEqualUnicodeString(&Text, &Wanted, FALSE));
    RtlFreeUnicodeString(&Text);
  }
  Copy.Sid.Revision = 9;
  EXPECT(!RtlValidSid(&Copy.Sid));
}

static VOID CheckDescriptors(VOID) {
  SECURITY_DESCRIPTOR Absolute;
  SID_ROOM Administrators;
  union {
    ACL Acl;
    UCHAR Bytes[64];
  } Acl;
  UCHAR Relative[160];
  PACCESS_ALLOWED_ACE Ace = NULL;
  PACL Dacl = NULL;
  PSID Owner = NULL, Group = NULL;
  BOOLEAN Present = FALSE, Defaulted = TRUE;
  ULONG Length = 4;

  MakeAdministrators(&Administrators);
  EXPECT(RtlCreateAcl(&Acl.Acl, 4, ACL_REVISION) == STATUS_BUFFER_TOO_SMALL);
  EXPECT(NT_SUCCESS(RtlCreateAcl(&Acl.Acl, sizeof(Acl), ACL_REVISION)));
  EXPECT(NT_SUCCESS(
      RtlAddAccessAllowedAce(&Acl.Acl, ACL_REVISION, GENERIC_READ, &Administrators.Sid)));
  EXPECT(NT_SUCCESS(RtlGetAce(&Acl.Acl, 0, (PVOID*)&Ace)) && Ace->Mask == GENERIC_READ);
  EXPECT(RtlEqualSid((PSID)&Ace->SidStart, &Administrators.Sid));
  EXPECT(RtlGetAce(&Acl.Acl, 1, (PVOID*)&Ace) == STATUS_INVALID_PARAMETER);
  EXPECT(NT_SUCCESS(RtlCreateSecurityDescriptor(&Absolute, SECURITY_DESCRIPTOR_REVISION)));
  EXPECT(NT_SUCCESS(RtlSetDaclSecurityDescriptor(&Absolute, TRUE, &Acl.Acl, FALSE)));
  EXPECT(NT_SUCCESS(RtlSetOwnerSecurityDescriptor(&Absolute, &Administrators.Sid, FALSE)));
  EXPECT(NT_SUCCESS(RtlSetGroupSecurityDescriptor(&Absolute, &Administrators.Sid, FALSE)));
  EXPECT(RtlValidSecurityDescriptor(&Absolute));
  EXPECT(RtlAbsoluteToSelfRelativeSD(&Absolute, Relative, &Length) == STATUS_BUFFER_TOO_SMALL);
  EXPECT(Length <= sizeof(Relative) && Length == RtlLengthSecurityDescriptor(&Absolute));
  Length = sizeof(Relative);
  EXPECT(NT_SUCCESS(RtlAbsoluteToSelfRelativeSD(&Absolute, Relative, &Length)));
  EXPECT(RtlValidRelativeSecurityDescriptor(
      Relative, sizeof(Relative), OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION));
  EXPECT(!RtlValidRelativeSecurityDescriptor(Relative, 10, OWNER_SECURITY_INFORMATION));
  EXPECT(NT_SUCCESS(RtlGetDaclSecurityDescriptor(Relative, &Present, &Dacl, &Defaulted)));
  EXPECT(Present && !Defaulted && Dacl != NULL && Dacl->AceCount == 1);
  EXPECT(NT_SUCCESS(RtlGetOwnerSecurityDescriptor(Relative, &Owner, &Defaulted)));
  EXPECT(NT_SUCCESS(RtlGetGroupSecurityDescriptor(Relative, &Group, &Defaulted)));
  EXPECT(RtlEqualSid(Owner, &Administrators.Sid) && RtlEqualSid(Group, Owner));
}

static VOID CheckToken(VOID) {
  SECURITY_SUBJECT_CONTEXT Subject;
  PRIVILEGE_SET Privileges = {1, PRIVILEGE_SET_ALL_NECESSARY, {{{0, 0}, 0}}};
  PACCESS_TOKEN Token = PsReferencePrimaryToken(PsGetCurrentProcess());
  PTOKEN_USER User = NULL;
  UCHAR Buffer[128];
  HANDLE Handle, Same;
  ULONG Length = 0;

  EXPECT(Token != NULL && SeTokenIsAdmin(Token));
  if (EXPECT(NT_SUCCESS(SeQueryInformationToken(Token, TokenUser, (PVOID*)&User)))) {
    EXPECT(RtlValidSid(User->User.Sid));
  }
  PsDereferencePrimaryToken(Token);
  SeCaptureSubjectContext(&Subject);
  EXPECT(Subject.PrimaryToken == Token && Subject.ClientToken == NULL);
  Privileges.Privilege[0].Luid = RtlConvertUlongToLuid(SE_TCB_PRIVILEGE);
  EXPECT(SePrivilegeCheck(&Privileges, &Subject, UserMode));
  EXPECT((Privileges.Privilege[0].Attributes & SE_PRIVILEGE_USED_FOR_ACCESS) != 0);
  Privileges.Privilege[0].Luid = RtlConvertUlongToLuid(SE_LOAD_DRIVER_PRIVILEGE); /* disabled */
  EXPECT(!SePrivilegeCheck(&Privileges, &Subject, UserMode));
  EXPECT(SePrivilegeCheck(&Privileges, &Subject, KernelMode));
  SeReleaseSubjectContext(&Subject);
  EXPECT(SeSinglePrivilegeCheck(RtlConvertUlongToLuid(SE_TCB_PRIVILEGE), UserMode));
  EXPECT(!SeSinglePrivilegeCheck(RtlConvertUlongToLuid(SE_LOAD_DRIVER_PRIVILEGE), UserMode));
  EXPECT(SeSinglePrivilegeCheck(RtlConvertUlongToLuid(SE_LOAD_DRIVER_PRIVILEGE), KernelMode));

  EXPECT(ZwOpenThreadToken(ZwCurrentThread(), TOKEN_QUERY, TRUE, &Handle) == STATUS_NO_TOKEN);
  EXPECT(ZwOpenThreadTokenEx(ZwCurrentThread(), TOKEN_QUERY, TRUE, OBJ_KERNEL_HANDLE, &Handle) ==
         STATUS_NO_TOKEN);
  if (EXPECT(NT_SUCCESS(
          ZwOpenProcessTokenEx(ZwCurrentProcess(), TOKEN_QUERY, OBJ_KERNEL_HANDLE, &Handle)))) {
    EXPECT(ZwQueryInformationToken(Handle, TokenUser, NULL, 0, &Length) == STATUS_BUFFER_TOO_SMALL);
    EXPECT(Length <= sizeof(Buffer));
    EXPECT(NT_SUCCESS(ZwQueryInformationToken(Handle, TokenUser, Buffer, sizeof(Buffer), &Length)));
    EXPECT(User != NULL && RtlEqualSid(((PTOKEN_USER)Buffer)->User.Sid, User->User.Sid));
    EXPECT(NT_SUCCESS(ZwClose(Handle)));
  }
  if (EXPECT(NT_SUCCESS(ZwOpenProcessToken(ZwCurrentProcess(), TOKEN_QUERY, &Same)))) {
    EXPECT(NT_SUCCESS(ZwClose(Same)));
  }
  if (User != NULL) ExFreePool(User);
}

/* A device's own descriptor, by pointer and by handle. */
static VOID CheckDeviceSecurity(PDRIVER_OBJECT DriverObject) {
  PSECURITY_DESCRIPTOR Descriptor = NULL;
  SECURITY_DESCRIPTOR Owned;
  SID_ROOM Administrators;
  PDEVICE_OBJECT DeviceObject;
  BOOLEAN Allocated = FALSE, Defaulted = FALSE;
  PSID Owner = NULL;
  UCHAR Buffer[256];
  HANDLE Handle;
  ULONG Length = 0;

  if (!EXPECT(NT_SUCCESS(
          IoCreateDeviceSecure(DriverObject, 0, NULL, FILE_DEVICE_UNKNOWN,
                               FILE_DEVICE_SECURE_OPEN | FILE_AUTOGENERATED_DEVICE_NAME, FALSE,
                               &SDDL_DEVOBJ_SYS_ALL_ADM_ALL, NULL, &DeviceObject)))) {
    return;
  }
  EXPECT(NT_SUCCESS(ObGetObjectSecurity(DeviceObject, &Descriptor, &Allocated)));
  EXPECT(Descriptor != NULL && RtlValidSecurityDescriptor(Descriptor));
  ObReleaseObjectSecurity(Descriptor, Allocated);
  if (EXPECT(NT_SUCCESS(ObOpenObjectByPointer(DeviceObject, OBJ_KERNEL_HANDLE, NULL, GENERIC_ALL,
                                              *IoDeviceObjectType, KernelMode, &Handle)))) {
    MakeAdministrators(&Administrators);
    EXPECT(NT_SUCCESS(RtlCreateSecurityDescriptor(&Owned, SECURITY_DESCRIPTOR_REVISION)));
    EXPECT(NT_SUCCESS(RtlSetOwnerSecurityDescriptor(&Owned, &Administrators.Sid, FALSE)));
    EXPECT(NT_SUCCESS(ZwSetSecurityObject(Handle, OWNER_SECURITY_INFORMATION, &Owned)));
    EXPECT(ZwQuerySecurityObject(Handle, OWNER_SECURITY_INFORMATION, NULL, 0, &Length) ==
           STATUS_BUFFER_TOO_SMALL);
    EXPECT(NT_SUCCESS(ZwQuerySecurityObject(Handle, OWNER_SECURITY_INFORMATION, Buffer,
                                            sizeof(Buffer), &Length)));
    EXPECT(NT_SUCCESS(RtlGetOwnerSecurityDescriptor(Buffer, &Owner, &Defaulted)));
    EXPECT(Owner != NULL && RtlEqualSid(Owner, &Administrators.Sid));
    EXPECT(NT_SUCCESS(ZwClose(Handle)));
  }
  IoDeleteDevice(DeviceObject);
}

_Use_decl_annotations_ VOID SecurityUnload(PDRIVER_OBJECT DriverObject) {
  PAGED_CODE();
  UNREFERENCED_PARAMETER(DriverObject);
}

_Use_decl_annotations_ NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject,
                                            PUNICODE_STRING RegistryPath) {
  UNREFERENCED_PARAMETER(RegistryPath);
  DriverObject->DriverUnload = SecurityUnload;
  CheckIdentifiers();
  CheckDescriptors();
  CheckToken();
  CheckDeviceSecurity(DriverObject);
  return ExpectationsStatus();
}
