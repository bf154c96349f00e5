// Objects of every structure that script/gdb/mica.py prints, placed by the linker: gdb reads them
// from the file, nothing has to run. An object of the list is in two threads' hands: one waits, the
// other owns.
#include <nt/ke.h>

extern "C" {

void NTAPI deferred(struct _KDPC*, PVOID, PVOID, PVOID);
void NTAPI deferred(struct _KDPC*, PVOID, PVOID, PVOID) {}

extern KEVENT event;
extern KSEMAPHORE semaphore;
extern KMUTANT mutant;
extern KTIMER timer;
extern LIST_ENTRY empty_list;

int context;
char owner;
WCHAR text[] = u"Mica";
UNICODE_STRING name{8, 10, text};
UNICODE_STRING no_name{0, 0, nullptr};
LARGE_INTEGER number{.QuadPart = -5};
LIST_ENTRY empty_list{&empty_list, &empty_list};
LIST_ENTRY unlinked{nullptr, nullptr};
LIST_ENTRY waiter{&event.Header.WaitListHead, &event.Header.WaitListHead};
KDPC dpc{.Type = 19, .Importance = 1, .Number = 0, .DpcListEntry = {nullptr, nullptr},
         .DeferredRoutine = deferred, .DeferredContext = &context, .SystemArgument1 = nullptr,
         .SystemArgument2 = nullptr, .DpcData = nullptr};

// A header whose first byte is `type`, with one list entry before and behind it.
#define HEADER(type, state, next) {{.Lock = (type)}, (state), {(next), (next)}}

KEVENT event{HEADER(1, 0, &waiter)};
KSEMAPHORE semaphore{HEADER(0x80 | 5, 3, &semaphore.Header.WaitListHead), 7};
KMUTANT mutant{HEADER(2, 0, &mutant.Header.WaitListHead), {nullptr, nullptr},
               reinterpret_cast<struct _KTHREAD*>(&owner), TRUE, 0};
KTIMER timer{HEADER(8, 0, &timer.Header.WaitListHead), {.QuadPart = 25'000'000}, {nullptr, nullptr},
             &dpc, 0, 0, 10};

}  // extern "C"

int main() { return 0; }
