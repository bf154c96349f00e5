// Texts that describe devices: what they mean, and where they are wrong.
#include "pnp/description.hpp"

#include <string>

#include "catch.hpp"

using namespace mica::pnp;

namespace {

// "LINE:COLUMN expected", or "" for a text without a mistake.
std::string mistake_in(std::string_view text) {
  DeviceReader reader{text};
  for (Description device; reader.next(device);) continue;
  Mistake const& mistake = reader.mistake();
  if (mistake.expected == nullptr) return {};
  return std::to_string(mistake.line) + ":" + std::to_string(mistake.column) + " " +
         mistake.expected;
}

bool begins(std::string const& text, std::string_view prefix) {
  return text.compare(0, prefix.size(), prefix) == 0;
}

// Of a device that is right but for this line, its third.
std::string mistake_of(std::string const& line) {
  return mistake_in("device One\ndriver one\n" + line + "\n");
}

}  // namespace

TEST_CASE("pnp: a text describes devices one after the other", "[pnp]") {
  std::string_view const text =
      "# Two of them\n"
      "\n"
      "device First  # the better one\n"
      "  description \"With # and spaces\"\r\n"
      "\tdriver one\n"
      "  hardware A B\n"
      "  hardware C\n"
      "device Second\n"
      "driver two\n"
      "lower a b\n"
      "upper c";
  DeviceReader reader{text};
  Description device;
  REQUIRE(reader.next(device));
  CHECK(device.name == "First");
  CHECK(device.description == "With # and spaces");
  CHECK(device.driver == "one");
  CHECK(device.hardware_ids.size() == 3);
  CHECK(device.hardware_ids.begin()[2] == "C");
  CHECK(device.compatible_ids.empty());
  CHECK(device.text.substr(0, 12) == "device First");
  CHECK(device.text.substr(device.text.size() - 11) == "hardware C\n");
  REQUIRE(reader.next(device));
  CHECK(device.name == "Second");
  CHECK(device.description.empty());
  CHECK((device.lower_filters.size() == 2 && device.upper_filters.size() == 1));
  CHECK(device.text.substr(device.text.size() - 7) == "upper c");
  CHECK_FALSE(reader.next(device));
  CHECK(reader.mistake().expected == nullptr);
  CHECK_FALSE(reader.next(device));
}

TEST_CASE("pnp: a device's own text describes it again", "[pnp]") {
  DeviceReader reader{"#\ndevice One\ndriver one\nport 1 2\n\ndevice Two\ndriver two\n"};
  Description device, again;
  REQUIRE(reader.next(device));
  DeviceReader own{device.text};
  REQUIRE(own.next(again));
  CHECK((again.name == "One" && again.driver == "one" && again.resources.size() == 1));
  CHECK_FALSE(own.next(again));
  CHECK(own.mistake().expected == nullptr);
}

TEST_CASE("pnp: resources are numbers in range", "[pnp]") {
  DeviceReader reader{
      "device One\ndriver one\nport 0xFFF8 8\nmemory 0xFFFFFFFFFFFFF000 4096\n"
      "memory 0 1 read-only\ninterrupt 0x30 level\ninterrupt 207 latched shared\ndma 7\n"};
  Description device;
  REQUIRE(reader.next(device));
  REQUIRE(device.resources.size() == 6);
  Resource const* const each = device.resources.begin();
  CHECK((each[0].type == CmResourceTypePort && each[0].start == 0xFFF8 && each[0].length == 8));
  CHECK((each[1].start == 0xFFFFFFFFFFFFF000 && !each[1].read_only));
  CHECK(each[2].read_only);
  CHECK((each[3].start == 0x30 && !each[3].latched && !each[3].shared));
  CHECK((each[4].start == 0xCF && each[4].latched && each[4].shared));
  CHECK((each[5].type == CmResourceTypeDma && each[5].start == 7));
}

TEST_CASE("pnp: the first mistake of a text has a place", "[pnp]") {
  CHECK(mistake_in("") == "");
  CHECK(mistake_in("# nothing\n\n") == "");
  CHECK(mistake_in("\n  driver one\n") == "2:3 'device' and a name, or 'child' and an identifier");
  CHECK(begins(mistake_in("device\n"), "1:7 a name: 1 to 64"));
  CHECK(begins(mistake_in("device a\\b\n"), "1:8 a name: 1 to 64"));
  CHECK(begins(mistake_in("device " + std::string(65, 'a')), "1:8 a name: 1 to 64"));
  CHECK(mistake_in("device One two\n") == "1:12 the line's end");
  CHECK(mistake_in("device One\n\ndevice Two\ndriver two\n") ==
        "1:1 a device that has a driver, or registers");
  CHECK(mistake_in("device One\ndriver one\ndevice Two\n") ==
        "3:1 a device that has a driver, or registers");
}

TEST_CASE("pnp: a text says which drivers children get", "[pnp]") {
  Description device;
  CHECK(begins(mistake_in("device Bus\ndriver bus\nchild BUS\\Thing,\n"), "3:7 an identifier"));
  CHECK(mistake_in("child A B\n") == "1:9 the line's end");
  CHECK(mistake_in("child A\n") == "1:1 a device that has a driver, or registers");
  CHECK(begins(mistake_in("child A\ndriver a\n  port 1 1\n"), "3:3 what a child's bus does not"));
  DeviceReader right{"child BUS\\Thing\ndriver thing\nupper above\ndevice Bus\ndriver bus\n"};
  REQUIRE(right.next(device));
  CHECK((device.is_child && device.name == "BUS\\Thing" && device.driver == "thing"));
  REQUIRE(right.next(device));
  CHECK((!device.is_child && device.name == "Bus"));
}

TEST_CASE("pnp: a property that is wrong says what was expected", "[pnp]") {
  CHECK(begins(mistake_of("colour red"), "3:1 'device', 'child', or a property: description, "));
  CHECK(mistake_of("driver two") == "3:1 this property once for a device");
  CHECK(begins(mistake_of("description"), "3:12 a text of 1 to 199"));
  CHECK(begins(mistake_of("description \"no end"), "3:13 a text of 1 to 199"));
  CHECK(begins(mistake_of("description \"\""), "3:13 a text of 1 to 199"));
  CHECK(begins(mistake_of("description \"\x80\""), "3:13 a text of 1 to 199"));
  CHECK(begins(mistake_of("description " + std::string(200, 'a')), "3:13 a text of 1 to 199"));
  CHECK(mistake_of("description " + std::string(199, 'a')) == "");
  CHECK(mistake_of("description one two") == "3:17 the line's end");
  CHECK(begins(mistake_of("hardware"), "3:9 an identifier"));
  CHECK(begins(mistake_of("hardware A \"B C\""), "3:12 an identifier"));
  CHECK(begins(mistake_of("hardware A,B"), "3:10 an identifier"));
  CHECK(mistake_of("hardware 1 2 3 4 5 6 7 8 9") == "3:26 no more than 8 of them");
  CHECK(mistake_of("lower one two/three") == "3:11 the name of a driver's service");
  CHECK(begins(mistake_of("class Sample 1234"), "3:14 the class's GUID"));
  CHECK(
      begins(mistake_of("class Sample {0123456-789ab-cdef-0123-456789abcdef}"), "3:14 the class"));
  CHECK(mistake_of("class Sample {01234567-89ab-CDEF-0123-456789abcdef}") == "");
  CHECK(mistake_of("removable now") == "3:11 the line's end");
  CHECK(mistake_of("address 0xFFFFFFFF") == "3:9 a number, 0 to 0xFFFFFFFE");
}

TEST_CASE("pnp: resources that are wrong say what was expected", "[pnp]") {
  CHECK(mistake_of("port 0x10000 1") == "3:6 where it begins, a number in range");
  CHECK(mistake_of("port 0xFFFF 2") == "3:13 how long it is, a number in range");
  CHECK(mistake_of("port 0 0") == "3:8 how long it is, a number in range");
  CHECK(mistake_of("port 0") == "3:7 how long it is, a number in range");
  CHECK(mistake_of("memory 0xFFFFFFFFFFFFFFFF 2") == "3:27 how long it is, a number in range");
  CHECK(mistake_of("memory 0x1FFFFFFFFFFFFFFFF 2") == "3:8 where it begins, a number in range");
  CHECK(mistake_of("memory 18446744073709551616 2") == "3:8 where it begins, a number in range");
  CHECK(mistake_of("memory 0x 2") == "3:8 where it begins, a number in range");
  CHECK(mistake_of("memory -1 2") == "3:8 where it begins, a number in range");
  CHECK(mistake_of("memory 0 1 write-only") == "3:12 'read-only', or the line's end");
  CHECK(mistake_of("interrupt 0x2F level") == "3:11 a vector, 0x30 to 0xCF");
  CHECK(mistake_of("interrupt 0xD0 level") == "3:11 a vector, 0x30 to 0xCF");
  CHECK(mistake_of("interrupt 0x30") == "3:15 'level' or 'latched'");
  CHECK(mistake_of("interrupt 0x30 level alone") == "3:22 'shared', or the line's end");
  CHECK(mistake_of("dma 8") == "3:5 a DMA channel, 0 to 7");
  std::string ports;
  for (int i = 0; i < 17; ++i) ports += "port " + std::to_string(i) + " 1\n";
  CHECK(begins(mistake_of(ports), "19:9 no more than 16 resources"));
}

TEST_CASE("pnp: texts are of printable letters, GUIDs of hexadecimal digits", "[pnp]") {
  CHECK(mistake_of("description \" ~\"") == "");
  CHECK(begins(mistake_of("description \"\x7F\""), "3:13 a text of 1 to 199"));
  auto const with = [](char letter) {
    return mistake_of(std::string{"class Sample {0123456"} + letter +
                      "-89ab-CDEF-0123-456789abcdef}");
  };
  for (char const letter : {'0', '9', 'a', 'f', 'A', 'F'}) CHECK(with(letter) == "");
  for (char const letter : {'/', ':', '@', 'G', '`', 'g'})
    CHECK(begins(with(letter), "3:14 the class's GUID"));
}

TEST_CASE("pnp: what a device has one of is said once", "[pnp]") {
  for (std::string const line : {"description a", "manufacturer a", "friendly-name a", "location a",
                                 "class a", "address 1", "ui-number 1", "removable"}) {
    CAPTURE(line);
    CHECK(mistake_of(line) == "");
    CHECK(mistake_of(line + "\n" + line) == "4:1 this property once for a device");
  }
  CHECK(mistake_in("device One\ndriver a/b\n") == "2:8 the name of a driver's service");
  CHECK(mistake_of("memory 0 0") == "3:10 how long it is, a number in range");
  CHECK(mistake_in("\n\ndevice One\n") == "3:1 a device that has a driver, or registers");
}

TEST_CASE("pnp: a device's registers are not of the range of the device before", "[pnp]") {
  CHECK(begins(mistake_in("device One\ndriver one\nport 0 8\n"
                          "device Two\ndriver two\nregister R 0 8\n"),
               "6:"));
}

TEST_CASE("pnp: nothing is read behind a mistake", "[pnp]") {
  for (std::string const wrong :
       {"device a/b\n", "device One\ndriver one\ncolour red\n",
        "device One\nport 0 8\nregister R 0 8 if Missing 1\n"}) {
    CAPTURE(wrong);
    std::string const text = wrong + "device Two\ndriver two\n";
    DeviceReader reader{text};
    Description device;
    CHECK_FALSE(reader.next(device));
    Mistake const first = reader.mistake();
    CHECK(first.expected != nullptr);
    CHECK_FALSE(reader.next(device));
    CHECK(reader.mistake().line == first.line);
    CHECK(reader.mistake().expected == first.expected);
  }
}
