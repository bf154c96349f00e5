#include "ldr/program_database.hpp"

#include <algorithm>
#include <cstring>

namespace mica::ldr {
namespace {

constexpr std::uint32_t information_number = 1, debug_information_number = 3;
constexpr std::uint16_t no_stream = 0xFFFF;

// What stream 1 begins with.
struct Information {
  std::uint32_t version, time;
  std::uint32_t age;
  GUID guid;
};
static_assert(sizeof(Information) == 28);
constexpr std::uint32_t first_with_guid = 20000404;

// What stream 3 begins with. Its parts follow in this order, but for the one before the last, which
// comes last.
struct DebugInformation {
  std::int32_t signature;
  std::uint32_t version, age;
  std::uint16_t globals, build, publics, writer, records, writer_build;
  std::int32_t modules, contributions, section_map, sources, type_servers;
  std::uint32_t type_server;
  std::int32_t streams, edits;
  std::uint16_t flags, machine;
  std::uint32_t unused;
};
static_assert(sizeof(DebugInformation) == 64);
constexpr std::uint32_t first_of_this_form = 19990903;

// Which of the streams that its last part names say how code was rearranged.
constexpr unsigned rearranged[] = {3, 4};

// A public symbol's record: what stands between its kind and its name.
constexpr std::uint16_t public_symbol = 0x110E;  // S_PUB32
#pragma pack(push, 1)
struct PublicRecord {
  std::uint32_t flags;
  std::uint32_t offset;
  std::uint16_t section;
};
#pragma pack(pop)
static_assert(sizeof(PublicRecord) == 10);

// Records are whole words: behind the name's zero comes no more than this.
constexpr std::uint32_t longest_padding = 3;

}  // namespace

Refusal ProgramDatabase::open(std::span<std::byte const> bytes) noexcept {
  *this = {};
  StreamFile file;
  if (Refusal const refusal = file.open(bytes)) return refusal;
  Stream found[3];
  auto& [information, debug_information, records] = found;
  if (Refusal const refusal =
          file.find(information_number, "it does not say what it is of", information))
    return refusal;
  if (Refusal const refusal = check_information(information)) return refusal;
  if (Refusal const refusal =
          file.find(debug_information_number, "it says nothing of an image", debug_information))
    return refusal;
  std::uint16_t number = 0;
  if (Refusal const refusal = check_debug_information(file, debug_information, number))
    return refusal;
  if (Refusal const refusal = file.find(number, "it has no symbols", records)) return refusal;
  if (file.overlap(found)) return bad_file("two of its streams have a block in common", 0);
  records_ = records;
  Refusal const refusal = check_records();
  if (refusal) *this = {};
  return refusal;
}

Refusal ProgramDatabase::check_information(Stream const& stream) noexcept {
  Information information{};
  if (!stream.read(0, information))
    return bad_file("what it says that it is of is cut off", stream.place(0));
  if (information.version < first_with_guid)
    return bad_file("it is of a form that has no GUID", stream.place(0));
  identity_ = {information.guid, information.age};
  return {};
}

// The image's record and this stream have the same age; that of the information grows when
// something else is added to the file.
Refusal ProgramDatabase::check_debug_information(StreamFile const& file, Stream const& stream,
                                                 std::uint16_t& records) noexcept {
  DebugInformation said{};
  if (!stream.read(0, said))
    return bad_file("what it says of its image is cut off", stream.place(0));
  if (said.signature != -1 || said.version < first_of_this_form)
    return bad_file("what it says of its image is of another form", stream.place(0));
  if (said.machine != IMAGE_FILE_MACHINE_AMD64)
    return bad_file("it is of an image for another processor than x64",
                    stream.place(offsetof(DebugInformation, machine)));
  std::uint64_t end = sizeof said;
  for (std::int32_t const part : {said.modules, said.contributions, said.section_map, said.sources,
                                  said.type_servers, said.edits, said.streams}) {
    if (part < 0 || (end += static_cast<std::uint32_t>(part)) > stream.bytes())
      return bad_file("a part of what it says of its image is outside of that",
                      stream.place(offsetof(DebugInformation, modules)));
  }
  std::uint64_t const numbers = end - static_cast<std::uint32_t>(said.streams);
  for (unsigned const which : rearranged) {
    std::uint16_t number = no_stream;
    std::uint64_t const at = numbers + which * sizeof number;
    if (at + sizeof number > end || !stream.read(at, number) || number == no_stream) continue;
    Stream map;
    if (!file.find(number, "", map))
      return bad_file("its image was rearranged after it was linked", stream.place(at));
  }
  identity_.age = said.age;
  records = said.records;
  return {};
}

Refusal ProgramDatabase::check_records() const noexcept {
  Record record{};
  for (std::uint32_t at = 0; at != records_.bytes(); at += sizeof record.bytes + record.bytes) {
    if (!records_.read(at, record) || record.bytes < sizeof record.kind ||
        records_.bytes() - at - sizeof record.bytes < record.bytes)
      return bad_file("a symbol's record is cut off", records_.place(at));
    PublicSymbol symbol{};
    if (record.kind != public_symbol) continue;
    if (!read_symbol(at, record, symbol))
      return bad_file("a symbol's record is too short", records_.place(at));
    char last[1 + longest_padding];
    std::uint32_t const some = std::min<std::uint32_t>(sizeof last, symbol.name_bytes);
    static_cast<void>(records_.read(symbol.name_at + symbol.name_bytes - some, last, some));
    if (std::find(last, last + some, '\0') == last + some)
      return bad_file("a symbol's name does not end", records_.place(symbol.name_at));
  }
  return {};
}

bool ProgramDatabase::read_symbol(std::uint32_t position, Record const& record,
                                  PublicSymbol& symbol) const noexcept {
  constexpr std::uint32_t before_name = sizeof record.kind + sizeof(PublicRecord);
  PublicRecord said{};
  if (record.bytes <= before_name || !records_.read(position + sizeof record, said)) return false;
  symbol = {said.section, said.offset,
            static_cast<std::uint32_t>(position + sizeof record + sizeof said),
            record.bytes - before_name};
  return true;
}

bool ProgramDatabase::next(std::uint32_t& position, PublicSymbol& symbol) const noexcept {
  for (Record record{}; records_.read(position, record);) {
    std::uint32_t const at = position;
    position += static_cast<std::uint32_t>(sizeof record.bytes) + record.bytes;
    if (record.kind == public_symbol) return read_symbol(at, record, symbol);
  }
  return false;
}

std::size_t ProgramDatabase::copy_name(PublicSymbol const& symbol,
                                       std::span<char> to) const noexcept {
  std::size_t const some = std::min<std::size_t>(symbol.name_bytes, to.size());
  if (!records_.read(symbol.name_at, to.data(), some)) return 0;
  return static_cast<std::size_t>(std::find(to.data(), to.data() + some, '\0') - to.data());
}

}  // namespace mica::ldr
