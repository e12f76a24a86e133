import type { EngineObserver } from '../../src/workloads/ports.ts'

/** An observer that records no metrics. */
export const unobserved: EngineObserver = { hint: (_, run) => run(), pass: (_, run) => run(), scan: (_, run) => run() }
