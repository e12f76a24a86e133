/** Inputs per property, scaled by some tests; 1000 in CI. For a long search: FUZZ_RUNS=20000. */
export const fuzzRuns = Number(process.env.FUZZ_RUNS ?? 50)
