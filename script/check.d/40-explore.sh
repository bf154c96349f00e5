# The executive under randomised schedules, and what notices when it is broken.
#   By hand, because they take longer: script/mutants (five minutes with --sample 20), script/explored --verify of all,
#   and script/mutants --planted, whose patches a CTest keeps fitting.

claim explore "10 000 distinct schedules of the explored objects keep every invariant" script/explore 10000
claim export-mutants "each exported routine replaced by a constant fails some conformance case" script/mutants --exports
claim explored "docs/explored.md holds: explorations of 1 s and a sample of the pairs come to the end that it states" \
  script/explored --verify --at-most 1
claim explored-doc "docs/explored.md tells of each exploration, and of no other" script/explored --check
