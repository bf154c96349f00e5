// What routines keep with keys.                                  [MSDN CmSetCallbackObjectContext]
#include "base/list.hpp"
#include "cm/key.hpp"
#include "cm/state.hpp"
#include "ke/verifier.hpp"

namespace mica::cm {
namespace {

[[nodiscard]] Context* find(Callbacks&, Key& key, Registration const& registration) noexcept {
  for (LIST_ENTRY* entry = key.contexts.Flink; entry != &key.contexts; entry = entry->Flink) {
    Context& context = MICA_CONTAINING(*entry, Context, of_key);
    if (context.registration == &registration) return &context;
  }
  return nullptr;
}

// A context that is to be given back, and the call that does it.
struct Taken {
  Context* context;
  Call call;
};

// The context leaves its lists; its routine will be called, also if somebody takes it back now.
void NTAPI take(Callbacks& callbacks, Context& context, Taken& taken) noexcept
    MICA_REQUIRES(callbacks.lock) {
  list_remove(context.of_key);
  list_remove(context.of_registration);
  taken.context = &context;
  begin_call(callbacks, *context.registration, taken.call);
}

[[nodiscard]] bool NTAPI take_first_of_key(Callbacks& callbacks, Key& key, Taken& taken) noexcept {
  ke::SpinGuard guard{callbacks.lock};
  if (list_empty(key.contexts)) return false;
  take(callbacks, MICA_CONTAINING(*key.contexts.Flink, Context, of_key), taken);
  return true;
}

[[nodiscard]] bool NTAPI take_first_of(Callbacks& callbacks, Registration& registration,
                                       Taken& taken) noexcept {
  ke::SpinGuard guard{callbacks.lock};
  if (list_empty(registration.contexts)) return false;
  take(callbacks, MICA_CONTAINING(*registration.contexts.Flink, Context, of_registration), taken);
  return true;
}

void give_back(Taken& taken) noexcept {
  Context& context = *taken.context;
  Registration& registration = *context.registration;
  REG_CALLBACK_CONTEXT_CLEANUP_INFORMATION information{context.key, context.value, nullptr};
  static_cast<void>(registration.routine(
      registration.context, reinterpret_cast<void*>(ULONG_PTR{RegNtCallbackObjectContextCleanup}),
      &information));
  end_call(taken.call);
  ExFreePoolWithTag(&context, tag_callback);
  dereference(registration);
}

// Replaces the value, with `fresh` if there is none yet, which is null then. What is not needed any
// more is left in `fresh`. False: there is no such routine.
[[nodiscard]] bool NTAPI set(Callbacks& callbacks, Key& key, LONGLONG cookie, void* value,
                             Context*& fresh, void** old) noexcept {
  ke::SpinGuard guard{callbacks.lock};
  Registration* const registration = find_registration(callbacks, cookie);
  if (registration == nullptr) return false;
  Context* context = find(callbacks, key, *registration);
  if (old != nullptr) *old = context != nullptr ? context->value : nullptr;
  if (context == nullptr && value == nullptr) return true;
  if (context == nullptr) {
    context = fresh;
    fresh = nullptr;
    context->registration = registration;
    context->key = &key;
    ++registration->references;
    list_append(key.contexts, context->of_key);
    list_append(registration->contexts, context->of_registration);
  }
  context->value = value;
  if (value != nullptr) return true;
  list_remove(context->of_key);
  list_remove(context->of_registration);
  --registration->references;  // never the last: it stands in the list
  ExFreePoolWithTag(context, tag_callback);
  return true;
}

}  // namespace

void* NTAPI context_of(Callbacks& callbacks, Key& key, Registration const& registration) noexcept {
  Context const* const context = find(callbacks, key, registration);
  return context != nullptr ? context->value : nullptr;
}

void NTAPI release_contexts(Key& key) noexcept {
  Taken taken;
  while (take_first_of_key(state().callbacks, key, taken)) give_back(taken);
}

bool NTAPI release_context(Registration& registration) noexcept {
  Taken taken;
  if (!take_first_of(state().callbacks, registration, taken)) return false;
  give_back(taken);
  return true;
}

}  // namespace mica::cm

using namespace mica;
using namespace mica::cm;

NTSTATUS NTAPI CmSetCallbackObjectContext(PVOID Object, PLARGE_INTEGER Cookie, PVOID NewContext,
                                          PVOID* OldContext) {
  MICA_REQUIRE_IRQL_AT_MOST(APC_LEVEL, Object);
  auto* fresh =
      static_cast<Context*>(ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(Context), tag_callback));
  if (fresh == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  bool const there = set(state().callbacks, *static_cast<Key*>(Object), Cookie->QuadPart,
                         NewContext, fresh, OldContext);
  if (fresh != nullptr) ExFreePoolWithTag(fresh, tag_callback);
  return there ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}
