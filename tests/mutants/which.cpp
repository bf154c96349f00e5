// Part of the library when its sources are mutated ones.
extern "C" {
int mica_mutant = 0;
}
