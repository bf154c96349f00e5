// Naming GUIDs. DEFINE_GUID declares one, and defines it where initguid.h came first.
//                                                         [MSDN "Including GUIDs in Driver Code"]
//   Not once: who includes initguid.h between two headers of GUIDs defines those of the second.
#ifndef MICA_GUIDDEF_H
#define MICA_GUIDDEF_H

#include <nt/ntdef.h>

#ifndef EXTERN_C
#ifdef __cplusplus
#define EXTERN_C extern "C"
#else
#define EXTERN_C extern
#endif
#endif

// Several files may define the same one. Compilers for Windows want that said of the definition,
// others of the declaration.
#ifdef _WIN32
#define GUID_WEAK
#define GUID_SELECTANY __declspec(selectany)
#else
#define GUID_WEAK __attribute__((weak))
#define GUID_SELECTANY
#endif

typedef GUID CLSID, IID, *LPGUID;
typedef GUID const* LPCGUID;
#ifdef __cplusplus
typedef GUID const &REFGUID, &REFIID, &REFCLSID;
#else
typedef GUID const *REFGUID, *REFIID, *REFCLSID;
#endif

#ifdef __cplusplus
FORCEINLINE int IsEqualGUID(REFGUID left, REFGUID right) {
  return __builtin_memcmp(&left, &right, sizeof(GUID)) == 0;
}
FORCEINLINE bool operator==(REFGUID left, REFGUID right) {
  return IsEqualGUID(left, right) != 0;
}
FORCEINLINE bool operator!=(REFGUID left, REFGUID right) {
  return !(left == right);
}
#else
#define IsEqualGUID(left, right) (!__builtin_memcmp((left), (right), sizeof(GUID)))
#endif
#define IsEqualIID(left, right) IsEqualGUID(left, right)
#define IsEqualCLSID(left, right) IsEqualGUID(left, right)

#endif

#undef DEFINE_GUID
#ifdef INITGUID
#define DEFINE_GUID(name, a, b, c, d0, d1, d2, d3, d4, d5, d6, d7) \
  EXTERN_C GUID_WEAK GUID const name;                              \
  GUID_SELECTANY GUID const name = {a, b, c, {d0, d1, d2, d3, d4, d5, d6, d7}}
#else
#define DEFINE_GUID(name, a, b, c, d0, d1, d2, d3, d4, d5, d6, d7) EXTERN_C GUID const name
#endif
