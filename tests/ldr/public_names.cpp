// What the places of an image are called, by its symbols.
#include "ldr/public_names.hpp"

#include <mica/system.hpp>
#include <mica/test.hpp>

#include "abi/resolve.hpp"
#include "catch.hpp"
#include "harness/named_places.hpp"
#include "ldr/made_debug_record.hpp"
#include "ldr/module.hpp"
#include "ldr/unwind_info.hpp"

using namespace mica;
using test::MadeDatabase;
using test::MadeImage;

namespace {

constexpr std::uint32_t code = MadeImage::code, data = MadeImage::data;
constexpr std::uint32_t functions = data + 0x200, plain = data + 0x300, chained = data + 0x310;

// Two functions with entries, the second in two parts, room behind each, and a leaf.
class NamedImage {
 public:
  explicit NamedImage(MadeDatabase const& database = made_database()) : symbols_{database.bytes()} {
    test::put_debug_record(made_, data, MadeDatabase::identity(), "driver.pdb");
    ULONG const entries[][3] = {{code + 0x10, code + 0x40, plain},
                                {code + 0x50, code + 0x60, plain},
                                {code + 0x60, code + 0x70, chained},
                                {code + 0x70, code + 0x78, plain}};
    made_.put(functions, entries);
    made_.put(plain, ldr::UnwindInfo{1, 0, 0, 0});
    made_.put(chained, ldr::UnwindInfo{1 | UNW_FLAG_CHAININFO << 3, 0, 0, 0});
    REQUIRE_FALSE(file_.open(made_.bytes()));
    memory_.resize(file_.image_bytes());
    file_.lay_out(memory_);
    image_.base = memory_.data();
    image_.bytes = memory_.size();
    image_.functions = functions;
    image_.function_count = 4;
    ldr::take_symbols(file_, symbols_, image_);
  }

  static MadeDatabase made_database() {
    MadeDatabase database;
    database.add(2, 0x800, "Data").add(1, 0x50, "InParts").add(1, 0x10, "Plain");
    return database.add(1, 0, "Leaf").add(1, 0x10, "PlainToo").add(1, 0x20, "Label");
  }

  // Empty: it has none.
  [[nodiscard]] std::string at(std::uint32_t place) const {
    ldr::PublicName name;
    if (!ldr::find_name(image_, place, name)) return {};
    CHECK((name.begin <= place && place < name.end));
    return std::string{name.view()} + "+" + std::to_string(place - name.begin);
  }
  [[nodiscard]] ldr::LoadedImage& image() noexcept { return image_; }

 private:
  MadeImage made_;
  ldr::File file_;
  std::vector<std::byte> symbols_, memory_;
  ldr::LoadedImage image_{};
};

}  // namespace

TEST_CASE("names: a place is called by what stands before it, up to its function's end", "[ldr]") {
  NamedImage const image;
  CHECK(image.at(code - 1).empty());
  CHECK(image.at(code) == "Leaf+0");
  CHECK(image.at(code + 0x0F) == "Leaf+15");  // a leaf ends where the next function begins
  CHECK(image.at(code + 0x10) == "Plain+0");  // of two the first
  CHECK(image.at(code + 0x1F) == "Plain+15");
  CHECK(image.at(code + 0x20) == "Label+0");
  CHECK(image.at(code + 0x3F) == "Label+31");
  CHECK(image.at(code + 0x40).empty());  // behind its end
  CHECK(image.at(code + 0x4F).empty());
  CHECK(image.at(code + 0x50) == "InParts+0");
  CHECK(image.at(code + 0x6F) == "InParts+31");  // its second part
  CHECK(image.at(code + 0x70).empty());          // a function that has no public name
  CHECK(image.at(code + 0x78).empty());
}

TEST_CASE("names: data are called by what stands before them, within their section", "[ldr]") {
  NamedImage const image;
  CHECK(image.at(data).empty());
  CHECK(image.at(data + 0x7FF).empty());
  CHECK(image.at(data + 0x800) == "Data+0");
  CHECK(image.at(data + MadeImage::data_bytes - 1) == "Data+2047");
  CHECK(image.at(MadeImage::end).empty());
  CHECK(image.at(0xFFFFFFFF).empty());
}

TEST_CASE("names: symbols of sections that are not there are nothing of the image", "[ldr]") {
  MadeDatabase database;
  database.add(0, 0x10, "Absolute").add(3, 0x10, "Behind").add(0xFFFF, 0, "Far");
  database.add(1, MadeImage::code_bytes, "Outside").add(1, 0xFFFFFFFF, "Farther");
  NamedImage image{database};
  CHECK(image.at(code + 0x100).empty());
  std::uint32_t position = 0;
  ldr::PublicName name;
  CHECK_FALSE(ldr::next_name(image.image(), position, name));
}

TEST_CASE("names: a name that is too long is cut", "[ldr]") {
  MadeDatabase database;
  database.add(1, 0x10, std::string(300, 'x'));
  NamedImage const image{database};
  CHECK(image.at(code + 0x10) == std::string(200, 'x').append("+0"));
}

TEST_CASE("names: an image without functions is named by symbols alone", "[ldr]") {
  NamedImage image;
  image.image().function_count = 0;
  CHECK(image.at(code + 0x40) == "Label+32");
  CHECK(image.at(code + MadeImage::code_bytes - 1) == "InParts+431");
}

TEST_CASE("names: entries of functions that lie about their parts end all the same", "[ldr]") {
  NamedImage image;
  image.image().function_count = 0x1000'0000;  // most of them are outside of the image
  CHECK(image.at(code + 0x50) == "InParts+0");
}

TEST_CASE("names: all at once, in the order of their places", "[ldr]") {
  NamedImage image;
  auto const places = harness::named_places(image.image());
  std::string all;
  for (auto const& place : places)
    all += place.name + " " + std::to_string(place.begin - image.image().start()) + "-" +
           std::to_string(place.end - image.image().start()) + " ";
  CHECK(all ==
        "Leaf 4096-4112 Plain 4112-4160 Label 4128-4160 InParts 4176-4208 Data 10240-12288 ");
}

TEST_CASE("names: symbols that are not the image's are told in a line, and passed over", "[ldr]") {
  struct {
    MadeDatabase database;
    char const* said;
  } cases[] = {
      {MadeDatabase{}.add(1, 0, "A").put(MadeDatabase::information, 12, 1),
       "mica: made goes without the names of driver.pdb, which is of another build: "
       "0000000189ABCDEF01020304050607082, not 0123456789ABCDEF01020304050607082\n"},
      {MadeDatabase{}.add(1, 0, "A").put(MadeDatabase::debug_information, 8, 0x1F),
       "mica: made goes without the names of driver.pdb, which is of another build: "
       "0123456789ABCDEF01020304050607081F, not 0123456789ABCDEF01020304050607082\n"},
      {MadeDatabase{},
       "mica: made goes without the names of driver.pdb: it has no symbols, at 0x814 of that "
       "file\n"}};
  for (auto const& [database, said] : cases) {
    MadeImage made;
    test::put_debug_record(made, data, MadeDatabase::identity(), "C:\\driver.pdb");
    System system;
    system.run([&, bytes = database.bytes()] {
      ldr::Module module{};
      MICA_REQUIRE(!ldr::load("made", made.bytes(), mica::abi::resolve, module, bytes));
      ldr::PublicName name;
      MICA_CHECK(!ldr::find_name(*ldr::find_image(ke::as_parameter(module.base)), code, name));
      ldr::unload(module.base);
    });
    CHECK(system.log() == said);
  }
}

TEST_CASE("names: an image that does not say which symbols are its own gets none", "[ldr]") {
  auto const log_of = [](MadeImage made) {
    System system;
    system.run([&] {
      ldr::Module module{};
      auto const symbols = NamedImage::made_database().bytes();
      MICA_REQUIRE(!ldr::load("made", made.bytes(), mica::abi::resolve, module, symbols));
      ldr::unload(module.base);
    });
    return std::string{system.log()};
  };
  CHECK(log_of({}) == "mica: made goes without names: it does not say which symbols are its own\n");
  MadeImage made;
  made.directory(IMAGE_DIRECTORY_ENTRY_DEBUG, 0x10, 28);
  CHECK(log_of(made) ==
        "mica: made goes without names: its debug directory is outside of its sections\n");
}
