// Clang's thread-safety analysis, spelled once; empty for compilers that do not have it.
#pragma once

#if defined(__clang__)
#define MICA_ANALYSIS(attribute) __attribute__((attribute))
#else
#define MICA_ANALYSIS(attribute)
#endif

#define MICA_CAPABILITY(name) MICA_ANALYSIS(capability(name))
#define MICA_SCOPED MICA_ANALYSIS(scoped_lockable)
#define MICA_GUARDED_BY(lock) MICA_ANALYSIS(guarded_by(lock))
#define MICA_REQUIRES(...) MICA_ANALYSIS(requires_capability(__VA_ARGS__))
#define MICA_EXCLUDES(...) MICA_ANALYSIS(locks_excluded(__VA_ARGS__))
#define MICA_ACQUIRES(...) MICA_ANALYSIS(acquire_capability(__VA_ARGS__))
#define MICA_RELEASES(...) MICA_ANALYSIS(release_capability(__VA_ARGS__))
#define MICA_ASSERTS(...) MICA_ANALYSIS(assert_capability(__VA_ARGS__))
#define MICA_NO_ANALYSIS MICA_ANALYSIS(no_thread_safety_analysis)
