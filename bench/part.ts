import type { Round } from './figures.ts'
import type { Stack } from './stack.ts'

export interface RoundOptions {
  /** Short form, for counts only, not for rates. */
  isShort: boolean
  /** Also measures other engines. */
  hasPeers: boolean
  /** Duration of a soak. */
  minutes: number
}

/** Part of the bench, which measures one operation: its speed and cost, with comparisons. */
export interface Part {
  name: string
  /** Unit of work: `request`, `job`. */
  unit: string
  /** Figures that are plotted against size: `p99 ms` is measured as `p99 ms at 10000` and so on. */
  plotted?: readonly string[]
  /** Runs only when named, and in one round, since it takes long. */
  onRequest?: true
  run(stack: Stack, options: RoundOptions): Promise<Round>
}
