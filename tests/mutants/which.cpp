// Part of the library when its sources are mutated ones.
extern "C" {
int mica_mutant = 0;
int mica_mutant_met = 0;
}
