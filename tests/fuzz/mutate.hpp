// What libFuzzer has for mutators, and asks of them.        [LLVM "libFuzzer", FuzzerInterface.h]
#pragma once

#include <cstddef>
#include <cstdint>

// Changes bytes without knowing what they are; how many there are then, up to `capacity`.
extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t capacity);

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t capacity, unsigned seed);
