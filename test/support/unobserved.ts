import type { EngineObserver } from '../../src/workloads/ports.ts'

/** For an engine that is not measured. */
export const unobserved: EngineObserver = { hint: (_, run) => run(), pass: (_, run) => run(), scan: (_, run) => run() }
