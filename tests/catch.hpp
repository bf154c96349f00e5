// Catch2's one header under one name: version 2 as Debian 12 ships it, or version 3. And the one
// thing that the two spell differently: a test that is made at run time.
#pragma once

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#include <catch2/internal/catch_test_registry.hpp>
#else
#include <catch2/catch.hpp>
#endif

namespace mica::catch_shim {

#if defined(CATCH_VERSION_MAJOR) && CATCH_VERSION_MAJOR >= 3
using Invoker = Catch::ITestInvoker;
inline void add_test(char const* name, char const* tags, char const* file, int line,
                     Invoker* invoker) {
  Catch::AutoReg{Catch::Detail::unique_ptr<Invoker>{invoker},
                 Catch::SourceLineInfo{file, static_cast<std::size_t>(line)}, "",
                 Catch::NameAndTags{name, tags}};
}
#else
using Invoker = Catch::ITestInvoker;
inline void add_test(char const* name, char const* tags, char const* file, int line,
                     Invoker* invoker) {
  Catch::AutoReg{invoker, Catch::SourceLineInfo{file, static_cast<std::size_t>(line)}, "",
                 Catch::NameAndTags{name, tags}};
}
#endif

}  // namespace mica::catch_shim
