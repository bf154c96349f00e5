// The public symbols of an image: a file of streams, which its linker wrote beside it (a PDB).
//                               [LLVM "The PDB File Format": PdbStream, DbiStream, CodeViewSymbols]
//   Nothing that the file says is believed: whoever has one that was opened may rely on each
//   symbol's name ending within its record. Any IRQL; no memory is taken. Copies are cheap.
#pragma once

#include "ldr/debug_record.hpp"
#include "ldr/stream_file.hpp"

namespace mica::ldr {

struct PublicSymbol {
  std::uint16_t section;     // from 1; of one that the image has not, it is no place in it
  std::uint32_t offset;      // in the section
  std::uint32_t name_at;     // in the records
  std::uint32_t name_bytes;  // at most, with its zero
};

class ProgramDatabase {
 public:
  // `bytes` are the caller's and stay. Of an image for x64 that stands as it was linked.
  [[nodiscard]] Refusal open(std::span<std::byte const> bytes) noexcept;

  // Whether there is none.
  [[nodiscard]] bool empty() const noexcept { return records_.bytes() == 0; }
  [[nodiscard]] SymbolsIdentity const& identity() const noexcept { return identity_; }
  // The symbol at `position` or the first behind it, in the file's order; `position` begins with 0.
  // False: there is none.
  [[nodiscard]] bool next(std::uint32_t& position, PublicSymbol& symbol) const noexcept;
  // Copies what there is room for; how many letters that is.
  [[nodiscard]] std::size_t copy_name(PublicSymbol const& symbol,
                                      std::span<char> to) const noexcept;

 private:
  struct Record {
    std::uint16_t bytes;  // behind this
    std::uint16_t kind;
  };

  [[nodiscard]] Refusal check_information(Stream const& stream) noexcept;
  [[nodiscard]] Refusal check_debug_information(StreamFile const& file, Stream const& stream,
                                                std::uint16_t& records) noexcept;
  [[nodiscard]] Refusal check_records() const noexcept;
  [[nodiscard]] bool read_symbol(std::uint32_t position, Record const& record,
                                 PublicSymbol& symbol) const noexcept;

  SymbolsIdentity identity_{};
  Stream records_;
};

}  // namespace mica::ldr
