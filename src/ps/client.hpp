// Which object has an identifier: of threads, or of processes.
//   Identifiers look like handles and are not given twice. An object stands here from its making to
//   its deletion. Guarded by ps::State::lock.
#pragma once

#include "base/list.hpp"

namespace mica::ps {

struct Client {
  LIST_ENTRY entry;  // of its bucket
  HANDLE id;
};

inline constexpr ULONG id_step = 4;

class ClientTable {
 public:
  void initialize() noexcept {
    for (LIST_ENTRY& bucket : buckets_) list_initialize(bucket);
  }

  void add(Client& client) noexcept { list_append(bucket_of(client.id), client.entry); }

  // Null if there is none.
  [[nodiscard]] Client* find(HANDLE id) noexcept {
    LIST_ENTRY& bucket = bucket_of(id);
    for (LIST_ENTRY* entry = bucket.Flink; entry != &bucket; entry = entry->Flink)
      if (Client& client = client_of(*entry); client.id == id) return &client;
    return nullptr;
  }

  template <class Visit>
  void for_each(Visit visit) noexcept {
    for (LIST_ENTRY& bucket : buckets_)
      for (LIST_ENTRY* entry = bucket.Flink; entry != &bucket; entry = entry->Flink)
        visit(client_of(*entry));
  }

 private:
  static constexpr ULONG bucket_count = 32;

  [[nodiscard]] LIST_ENTRY& bucket_of(HANDLE id) noexcept {
    return buckets_[reinterpret_cast<ULONG_PTR>(id) / id_step % bucket_count];
  }
  [[nodiscard]] static Client& client_of(LIST_ENTRY& entry) noexcept {
    return MICA_CONTAINING(entry, Client, entry);
  }

  LIST_ENTRY buckets_[bucket_count];
};

}  // namespace mica::ps
