// What the object and I/O cases share: strings, attributes, and a type whose objects say when they
// end.
#pragma once

#include <nt/ob.h>
#include <nt/zw/objects.h>
#include <mica/test.hpp>

#include <atomic>

#include "ob/type.hpp"

namespace mica::test {

// A counted string over a literal.
class Text {
 public:
  template <std::size_t N>
  explicit Text(WCHAR const (&literal)[N]) noexcept {
    string_.Buffer = const_cast<WCHAR*>(literal);
    string_.Length = string_.MaximumLength = static_cast<USHORT>((N - 1) * sizeof(WCHAR));
  }
  operator UNICODE_STRING*() noexcept { return &string_; }
  UNICODE_STRING* operator->() noexcept { return &string_; }

 private:
  UNICODE_STRING string_{};
};

// Object attributes over a literal.
class Attributes {
 public:
  template <std::size_t N>
  explicit Attributes(WCHAR const (&path)[N], ULONG bits = OBJ_CASE_INSENSITIVE,
                      HANDLE root = nullptr) noexcept
      : path_{path} {
    InitializeObjectAttributes(&attributes_, path_, bits, root, nullptr);
  }
  operator OBJECT_ATTRIBUTES*() noexcept { return &attributes_; }
  OBJECT_ATTRIBUTES* operator->() noexcept { return &attributes_; }

 private:
  Text path_;
  OBJECT_ATTRIBUTES attributes_{};
};

// The body of a probe: counts what happens to it.
struct ProbeLog {
  std::atomic<int> removed;  // in a thread of the kernel's own, when the deletion is deferred
  KIRQL removed_at;
  int closed;
  ULONG handles_at_close;
  bool drops_once_more;  // the delete procedure makes the mistake of dereferencing its object
};
struct Probe {
  ProbeLog* log;
};

// A type of probes, for the length of a case.
class ProbeType {
 public:
  ProbeType() noexcept {
    ob::TypeOptions options{};
    options.name = u"Probe";
    options.procedures.remove = [](void* object) NTAPI {
      ProbeLog* const log = static_cast<Probe*>(object)->log;
      if (log == nullptr) return;
      log->removed_at = KeGetCurrentIrql();
      ++log->removed;
      if (log->drops_once_more) ObDereferenceObject(object);
    };
    options.procedures.close = [](void* object, ULONG handles_before) NTAPI {
      ProbeLog* const log = static_cast<Probe*>(object)->log;
      if (log == nullptr) return;
      ++log->closed;
      log->handles_at_close = handles_before;
    };
    options.mapping = {STANDARD_RIGHTS_READ | 1, STANDARD_RIGHTS_WRITE | 2,
                       STANDARD_RIGHTS_EXECUTE | 4, STANDARD_RIGHTS_REQUIRED | 7};
    options.valid_access = STANDARD_RIGHTS_REQUIRED | 7;
    options.tag = ob::pool_tag("Prob");
    MICA_REQUIRE(ob::create_type(options, &type_) == STATUS_SUCCESS);
  }
  ProbeType(ProbeType const&) = delete;
  ProbeType& operator=(ProbeType const&) = delete;
  ~ProbeType() {
    ObMakeTemporaryObject(type_);
    ObDereferenceObject(type_);
  }
  [[nodiscard]] POBJECT_TYPE get() const noexcept { return type_; }

  // A probe with one reference, not inserted; null when `attributes` are refused.
  [[nodiscard]] Probe* make(ProbeLog* log, OBJECT_ATTRIBUTES* attributes = nullptr) const noexcept {
    void* object = nullptr;
    NTSTATUS const status = ObCreateObject(KernelMode, type_, attributes, KernelMode, nullptr,
                                           sizeof(Probe), 0, 0, &object);
    if (status != STATUS_SUCCESS) return nullptr;
    auto* const probe = static_cast<Probe*>(object);
    probe->log = log;
    return probe;
  }

 private:
  POBJECT_TYPE type_ = nullptr;
};

}  // namespace mica::test
