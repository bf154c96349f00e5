# The host machine's library. `mica_executive` holds the executive's objects in its own dialect;
# src/hal_host and src/harness add theirs with target_sources(mica PRIVATE ...).

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(Boost 1.74 REQUIRED COMPONENTS context)
find_package(fmt REQUIRED)
find_package(zydis REQUIRED)

add_library(mica_executive OBJECT)
mica_compile(mica_executive executive)
mica_machine(mica_executive host)
target_compile_options(mica_executive PRIVATE -fPIE ${MICA_EXECUTIVE_OPTIONS})
mica_precompile(mica_executive ${MICA_EXECUTIVE_HEADERS})

add_library(mica STATIC $<TARGET_OBJECTS:mica_executive>)
add_library(mica::mica ALIAS mica)
mica_machine(mica host)
target_compile_options(mica PRIVATE -fPIE)
target_compile_features(mica PUBLIC cxx_std_20)
target_include_directories(mica PUBLIC
  $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:include>)
mica_precompile(mica ${MICA_HOST_HEADERS})
target_link_libraries(mica PUBLIC Boost::context fmt::fmt Threads::Threads)
