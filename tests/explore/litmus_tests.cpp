// [Alglave, Maranget, Tautschnig, "Herding cats", TOPLAS 2014] has the names;
// [C++20, 6.9.2.2 and 31.4] says what is allowed, [Owens, Sarkar, Sewell, "A better x86 memory
// model: x86-TSO", TPHOLs 2009] what is on x86.
#include <set>

#include "litmus.hpp"

namespace mica::explore {
namespace {

constexpr unsigned x = 0, y = 1;
constexpr Act load(unsigned cell) {
  return {Act::Kind::load, cell, 0};
}
constexpr Act store(unsigned cell, std::uint32_t value) {
  return {Act::Kind::store, cell, value};
}
constexpr Act relaxed_store(unsigned cell, std::uint32_t value) {
  return {Act::Kind::relaxed_store, cell, value};
}
constexpr Act relaxed_add(unsigned cell, std::uint32_t value) {
  return {Act::Kind::relaxed_add, cell, value};
}

constexpr char const* never = "-----";
constexpr char const* store_order =
    "stores to one word are ordered as they were executed, and no store before its predecessors";

// Two readers of one word that two stores go to: each sees them in an order, both in the same.
std::vector<std::string> agreeing() {
  std::set<std::string> all;
  for (std::string const order : {"012", "021"}) {
    std::vector<std::string> pairs;
    for (unsigned first = 0; first < 3; ++first)
      for (unsigned second = first; second < 3; ++second)
        pairs.push_back({order[first], order[second]});
    for (std::string const& one : pairs)
      for (std::string const& other : pairs) all.insert(one + other);
  }
  return {all.begin(), all.end()};
}

std::vector<Litmus> two_words() {
  return {
      {.name = "SB",
       .text = "x=1; r=y | y=1; r=x",
       .processors = {{store(x, 1), load(y)}, {store(y, 1), load(x)}},
       .finals = false,
       .sequential = {"01", "10", "11"},
       .weak = {{"00", "yy-y-", "yy-y-", "yy-y-"}}},
      {.name = "MP",
       .text = "x=1; y=1 | r=y; r=x",
       .processors = {{store(x, 1), store(y, 1)}, {load(y), load(x)}},
       .finals = false,
       .sequential = {"00", "01", "11"},
       .weak = {{"10", "y----", never, "y----"}}},
      {.name = "LB",
       .text = "r=x; y=1 | r=y; x=1",
       .processors = {{load(x), store(y, 1)}, {load(y), store(x, 1)}},
       .finals = false,
       .sequential = {"00", "01", "10"},
       .weak = {{"11", "y----", never, never}},
       .why = "a load sees no store that is still to be executed"},
      {.name = "R",
       .text = "x=1; y=1 | y=2; r=x | x, y",
       .processors = {{store(x, 1), store(y, 1)}, {store(y, 2), load(x)}},
       .finals = true,
       .sequential = {"011", "111", "112"},
       .weak = {{"012", "yy-y-", "yy-y-", "yy-y-"}}},
      {.name = "S",
       .text = "x=2; y=1 | r=y; x=1 | x, y",
       .processors = {{store(x, 2), store(y, 1)}, {load(y), store(x, 1)}},
       .finals = true,
       .sequential = {"011", "021", "111"},
       .weak = {{"121", "y----", never, never}},
       .why = store_order},
      {.name = "2+2W",
       .text = "x=1; y=2 | y=1; x=2 | x, y",
       .processors = {{store(x, 1), store(y, 2)}, {store(y, 1), store(x, 2)}},
       .finals = true,
       .sequential = {"12", "21", "22"},
       .weak = {{"11", "yy-y-", never, never}},
       .why = store_order},
  };
}

std::vector<Litmus> more() {
  return {
      {.name = "CoRR",
       .text = "x=1 | r=x; r=x",
       .processors = {{store(x, 1)}, {load(x), load(x)}},
       .finals = false,
       .sequential = {"00", "01", "11"},
       .weak = {{"10", never, never, never}}},
      {.name = "CoRR2",
       .text = "x=1 | x=2 | r=x; r=x | r=x; r=x",
       .processors = {{store(x, 1)}, {store(x, 2)}, {load(x), load(x)}, {load(x), load(x)}},
       .finals = false,
       .sequential = agreeing(),
       .weak = {{"1221", never, never, never}, {"2112", never, never, never}}},
      {.name = "WRC",
       .text = "x=1 | r=x; y=1 | r=y; r=x",
       .processors = {{store(x, 1)}, {load(x), store(y, 1)}, {load(y), load(x)}},
       .finals = false,
       .sequential = {"000", "001", "010", "011", "100", "101", "111"},
       .weak = {{"110", "y----", never, "y----"}}},
      {.name = "IRIW",
       .text = "x=1 | y=1 | r=x; r=y | r=y; r=x",
       .processors = {{store(x, 1)}, {store(y, 1)}, {load(x), load(y)}, {load(y), load(x)}},
       .finals = false,
       .sequential = {"0000", "0001", "0010", "0011", "0100", "0101", "0110", "0111", "1000",
                      "1001", "1011", "1100", "1101", "1110", "1111"},
       .weak = {{"1010", "yy-y-", never, "yy-y-"}}},
      {.name = "MP+add",
       .text = "x=1; y=1 | y+=1 relaxed | r=y; r=x",
       .processors = {{store(x, 1), store(y, 1)}, {relaxed_add(y, 1)}, {load(y), load(x)}},
       .finals = false,
       .sequential = {"000", "001", "010", "011", "100", "101", "111", "121"},
       .weak = {{"110", "y----", never, "y----"}, {"120", "y----", never, "y----"}}},
      {.name = "MP+store",
       .text = "x=1; y=1; y=2 relaxed | r=y; r=x",
       .processors = {{store(x, 1), store(y, 1), relaxed_store(y, 2)}, {load(y), load(x)}},
       .finals = false,
       .sequential = {"00", "01", "11", "21"},
       .weak = {{"10", "y----", never, "y----"}, {"20", "yy---", never, "yy---"}}},
  };
}

}  // namespace

std::vector<Litmus> const& litmus_tests() {
  static std::vector<Litmus> const all = [] {
    std::vector<Litmus> tests = two_words();
    for (Litmus const& test : more()) tests.push_back(test);
    return tests;
  }();
  return all;
}

}  // namespace mica::explore
