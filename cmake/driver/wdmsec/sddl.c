/* A security descriptor of its text: "D:P" and (A;;RIGHTS;;;WHO) for each entry. */
#include "wdmsec_parts.h"

typedef struct _READER {
  PCWSTR Next, End;
} READER;

/* As large as a SID can be. */
typedef union _SID_ROOM {
  SID Sid;
  UCHAR Bytes[FIELD_OFFSET(SID, SubAuthority) + SID_MAX_SUB_AUTHORITIES * sizeof(ULONG)];
} SID_ROOM;

static BOOLEAN Skip(READER* Reader, PCSTR Text) {
  PCWSTR At = Reader->Next;

  for (; *Text != 0; ++Text, ++At)
    if (At == Reader->End || *At != (WCHAR)*Text) return FALSE;
  Reader->Next = At;
  return TRUE;
}

/* A number of at most 32 bits, or 48 in an authority. */
static BOOLEAN ReadNumber(READER* Reader, ULONG Base, ULONG64 Most, PULONG64 Number) {
  PCWSTR Start = Reader->Next;

  for (*Number = 0; Reader->Next != Reader->End; ++Reader->Next) {
    WCHAR Letter = RtlUpcaseUnicodeChar(*Reader->Next);
    ULONG Digit = Letter >= L'0' && Letter <= L'9'   ? (ULONG)(Letter - L'0')
                  : Letter >= L'A' && Letter <= L'F' ? (ULONG)(Letter - L'A' + 10)
                                                     : Base;
    if (Digit >= Base) break;
    *Number = *Number * Base + Digit;
    if (*Number > Most) return FALSE;
  }
  return Reader->Next != Start;
}

static BOOLEAN ReadRights(READER* Reader, ACCESS_MASK* Mask) {
  static const struct {
    CHAR Code[3];
    ACCESS_MASK Right;
  } Rights[] = {{"GA", GENERIC_ALL},     {"GR", GENERIC_READ}, {"GW", GENERIC_WRITE},
                {"GX", GENERIC_EXECUTE}, {"RC", READ_CONTROL}, {"SD", DELETE},
                {"WD", WRITE_DAC},       {"WO", WRITE_OWNER}};
  ULONG64 Number;

  if (Skip(Reader, "0x") || Skip(Reader, "0X")) {
    if (!ReadNumber(Reader, 16, MAXULONG, &Number)) return FALSE;
    *Mask = (ACCESS_MASK)Number;
    return TRUE;
  }
  for (*Mask = 0;;) {
    ULONG I = 0;

    while (I < RTL_NUMBER_OF(Rights) && !Skip(Reader, Rights[I].Code)) ++I;
    if (I == RTL_NUMBER_OF(Rights)) return *Mask != 0;
    *Mask |= Rights[I].Right;
  }
}

/* S-1-AUTHORITY-NUMBER-NUMBER... behind the "S-1-". */
static BOOLEAN ReadSid(READER* Reader, SID_ROOM* Room) {
  SID_IDENTIFIER_AUTHORITY Authority;
  ULONG64 Number;
  ULONG I;
  BOOLEAN Hexadecimal = Skip(Reader, "0x") || Skip(Reader, "0X");

  if (!ReadNumber(Reader, Hexadecimal ? 16 : 10, 0xFFFFFFFFFFFF, &Number)) return FALSE;
  for (I = 0; I < 6; ++I) Authority.Value[I] = (UCHAR)(Number >> (40 - 8 * I));
  RtlInitializeSid(&Room->Sid, &Authority, 0);
  while (Skip(Reader, "-")) {
    UCHAR Count = *RtlSubAuthorityCountSid(&Room->Sid);

    if (Count == SID_MAX_SUB_AUTHORITIES || !ReadNumber(Reader, 10, MAXULONG, &Number))
      return FALSE;
    *RtlSubAuthorityCountSid(&Room->Sid) = Count + 1;
    *RtlSubAuthoritySid(&Room->Sid, Count) = (ULONG)Number;
  }
  return *RtlSubAuthorityCountSid(&Room->Sid) != 0;
}

static BOOLEAN ReadWho(READER* Reader, SID_ROOM* Room) {
  static const struct {
    CHAR Code[3];
    UCHAR Authority;
    UCHAR Count;
    ULONG Numbers[2]; /* the others are zeroes */
  } Known[] = {{"SY", 5, 1, {18}},      {"LS", 5, 1, {19}},      {"NS", 5, 1, {20}},
               {"BA", 5, 2, {32, 544}}, {"BU", 5, 2, {32, 545}}, {"BG", 5, 2, {32, 546}},
               {"AU", 5, 1, {11}},      {"AN", 5, 1, {7}},       {"IU", 5, 1, {4}},
               {"NU", 5, 1, {2}},       {"WD", 1, 1, {0}},       {"RC", 5, 1, {12}},
               {"UD", 5, 6, {84}}};
  ULONG I, J;

  if (Skip(Reader, "S-1-")) return ReadSid(Reader, Room);
  for (I = 0; I < RTL_NUMBER_OF(Known); ++I) {
    SID_IDENTIFIER_AUTHORITY Authority = {{0, 0, 0, 0, 0, Known[I].Authority}};

    if (!Skip(Reader, Known[I].Code)) continue;
    RtlInitializeSid(&Room->Sid, &Authority, Known[I].Count);
    for (J = 0; J < Known[I].Count; ++J)
      *RtlSubAuthoritySid(&Room->Sid, J) = J < 2 ? Known[I].Numbers[J] : 0;
    return TRUE;
  }
  return FALSE;
}

/* Appends what follows "D:P" to the list. Entries that need more room than that has are none of
   this language. */
static NTSTATUS ReadEntries(READER* Reader, PACL Acl) {
  while (Reader->Next != Reader->End) {
    SID_ROOM Room;
    ACCESS_MASK Mask;
    NTSTATUS Status;

    if (!Skip(Reader, "(A;;") || !ReadRights(Reader, &Mask) || !Skip(Reader, ";;;") ||
        !ReadWho(Reader, &Room) || !Skip(Reader, ")"))
      return STATUS_INVALID_PARAMETER;
    Status = RtlAddAccessAllowedAce(Acl, ACL_REVISION, Mask, &Room.Sid);
    if (!NT_SUCCESS(Status)) return STATUS_INVALID_PARAMETER;
  }
  return STATUS_SUCCESS;
}

static NTSTATUS MakeRelative(PACL Acl, PSECURITY_DESCRIPTOR* Descriptor) {
  SECURITY_DESCRIPTOR Absolute;
  ULONG Length;

  RtlCreateSecurityDescriptor(&Absolute, SECURITY_DESCRIPTOR_REVISION);
  RtlSetDaclSecurityDescriptor(&Absolute, TRUE, Acl, FALSE);
  Absolute.Control |= SE_DACL_PROTECTED;
  Length = RtlLengthSecurityDescriptor(&Absolute);
  *Descriptor = ExAllocatePoolWithTag(PagedPool, Length, WDMSEC_TAG);
  if (*Descriptor == NULL) return STATUS_INSUFFICIENT_RESOURCES;
  return RtlAbsoluteToSelfRelativeSD(&Absolute, *Descriptor, &Length);
}

NTSTATUS WdmsecParse(PCUNICODE_STRING Text, PSECURITY_DESCRIPTOR* Descriptor) {
  READER Reader = {Text->Buffer, Text->Buffer + Text->Length / sizeof(WCHAR)};
  ULONG Room = sizeof(ACL), I;
  NTSTATUS Status;
  PACL Acl;

  *Descriptor = NULL;
  if (!Skip(&Reader, "D:P")) return STATUS_INVALID_PARAMETER;
  for (I = 0; I < Text->Length / sizeof(WCHAR); ++I)
    if (Text->Buffer[I] == L'(') Room += sizeof(ACCESS_ALLOWED_ACE) + sizeof(SID_ROOM);
  if (Room > MAXUSHORT) return STATUS_INVALID_PARAMETER;
  Acl = ExAllocatePoolWithTag(PagedPool, Room, WDMSEC_TAG);
  if (Acl == NULL) return STATUS_INSUFFICIENT_RESOURCES;
  Status = RtlCreateAcl(Acl, Room, ACL_REVISION);
  if (NT_SUCCESS(Status)) Status = ReadEntries(&Reader, Acl);
  if (NT_SUCCESS(Status)) {
    /* As long as its entries. */
    PVOID Last;
    ULONG Used = sizeof(ACL);

    for (I = 0; I < Acl->AceCount; ++I)
      if (NT_SUCCESS(RtlGetAce(Acl, I, &Last))) Used += ((PACE_HEADER)Last)->AceSize;
    Acl->AclSize = (USHORT)Used;
    Status = MakeRelative(Acl, Descriptor);
  }
  ExFreePoolWithTag(Acl, WDMSEC_TAG);
  return Status;
}
