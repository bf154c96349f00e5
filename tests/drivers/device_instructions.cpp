// What instructions do that access a device's memory: what the device is asked for, and what the
// code has then.
#include <mica/test.hpp>

#include "drivers/mapped_device.hpp"

using namespace mica;
using test::Mapped;

TEST_CASE("devices: instructions of memory reach the device in their widths", "[devices]") {
  Mapped mapped;
  unsigned char* const at = mapped.place;
  std::uint64_t byte = 0, word = ~0ull, wide = 0, sign = 0;
  mapped.system.run([&] {
    asm volatile("movb 5(%1), %b0" : "+r"(byte) : "r"(at) : "memory");
    asm volatile("movw 6(%1), %w0" : "+r"(word) : "r"(at) : "memory");
    asm volatile("movq (%1,%2,8), %0" : "=r"(wide) : "r"(at), "r"(2ull) : "memory");
    asm volatile("movsbl 0x80(%1), %k0" : "=r"(sign) : "r"(at) : "memory");
  });
  CHECK((byte == 5 && word == 0xFFFFFFFFFFFF0706 && wide == 0x1716151413121110));
  CHECK(sign == 0xFFFFFF80);
  CHECK(Mapped::told(mapped.model.reads) == "1@5 2@6 8@16 1@128 ");
  mapped.system.run([&] {
    asm volatile("movl $0x12345678, 4(%0)" : : "r"(at) : "memory");
    asm volatile("movb %b1, 9(%0)" : : "r"(at), "r"(0xABull) : "memory");
  });
  CHECK(Mapped::told(mapped.model.writes) == "4@4 1@9 ");
  CHECK((mapped.model.bytes[4] == 0x78 && mapped.model.bytes[7] == 0x12));
  CHECK((mapped.model.bytes[9] == 0xAB && mapped.model.reads.empty()));
  CHECK(mapped.system.wrong_accesses().empty());
}

TEST_CASE("devices: what reads and writes does both, with its flags", "[devices]") {
  Mapped mapped;
  unsigned char* const at = mapped.place;
  std::uint64_t exchanged = 0x55, compared = 0, added = 0, kept = 0x0123456789ABCDEF;
  bool carry = false, zero = false, below = false;
  std::uint64_t rbx = kept;
  mapped.system.run([&] {
    asm volatile("addb $0xFF, 1(%1)" : "=@ccc"(carry) : "r"(at) : "memory");
    asm volatile("testl $0xF0, 4(%1)" : "=@ccz"(zero) : "r"(at) : "memory");
    asm volatile("cmpw $0x1000, 8(%1)" : "=@ccb"(below) : "r"(at) : "memory");
    asm volatile("xchgl %k0, 12(%1)" : "+r"(exchanged) : "r"(at) : "memory");
    asm volatile("lock cmpxchgb %b2, 20(%1)"
                 : "=a"(compared)
                 : "r"(at), "r"(0x99), "0"(20ull)
                 : "memory");
    asm volatile("lock xaddw %w0, 24(%1)" : "+r"(added) : "r"(at) : "memory");
    asm volatile("orb $0x40, 30(%1)" : "+b"(rbx) : "r"(at) : "memory");
  });
  CHECK((carry && zero && below && mapped.model.bytes[1] == 0));
  CHECK((exchanged == 0x0F0E0D0C && mapped.model.bytes[12] == 0x55));
  CHECK((compared == 20 && mapped.model.bytes[20] == 0x99));
  CHECK((added == 0x1918 && mapped.model.bytes[30] == 0x5E && rbx == kept));
  CHECK(Mapped::told(mapped.model.reads) == "1@1 4@4 2@8 4@12 1@20 2@24 1@30 ");
  CHECK(Mapped::told(mapped.model.writes) == "1@1 4@12 1@20 2@24 1@30 ");
}

TEST_CASE("devices: strings and vectors are parts, one after the other", "[devices]") {
  Mapped mapped;
  unsigned char* const at = mapped.place;
  std::uint32_t copied[3] = {};
  unsigned char vector[16] = {};
  std::uint64_t loaded = 0;
  mapped.system.run([&] {
    void* to = copied;
    void const* from = at + 32;
    std::uint64_t count = 3;
    asm volatile("rep movsl" : "+D"(to), "+S"(from), "+c"(count) : : "memory");
    MICA_CHECK(count == 0 && from == at + 44 && to == copied + 3);
    to = at + 64;
    count = 2;
    asm volatile("rep stosw" : "+D"(to), "+c"(count) : "a"(0xBEEF) : "memory");
    from = at + 5;
    asm volatile("std\n\tlodsb\n\tcld" : "+S"(from), "+a"(loaded) : : "memory", "cc");
    MICA_CHECK(from == at + 4);
    asm volatile("movdqu 48(%0), %%xmm3\n\tmovdqu %%xmm3, %1\n\tmovdqu %%xmm3, 80(%0)"
                 :
                 : "r"(at), "m"(vector)
                 : "xmm3", "memory");
  });
  CHECK((copied[0] == 0x23222120 && copied[2] == 0x2B2A2928 && loaded == 5));
  CHECK((mapped.model.bytes[64] == 0xEF && mapped.model.bytes[67] == 0xBE));
  CHECK((vector[0] == 48 && vector[15] == 63 && mapped.model.bytes[95] == 63));
  CHECK(Mapped::told(mapped.model.reads) == "4@32 4@36 4@40 1@5 8@48 8@56 ");
  CHECK(Mapped::told(mapped.model.writes) == "2@64 2@66 8@80 8@88 ");
}

TEST_CASE("devices: what cannot be done ends the run and says so", "[devices]") {
  Mapped mapped;
  Outcome const outcome = mapped.system.try_run([&] {
    asm volatile("btsl %k1, (%0)" : : "r"(mapped.place), "r"(3) : "memory", "cc");
  });
  CHECK(outcome.kind() == Outcome::Kind::fault);
  CHECK_THAT(std::string{mapped.system.log()}, Catch::Contains("'bts ["));
}
