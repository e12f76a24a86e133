import type { Stack } from './stack.ts'

/** What was measured, by name: `rate` is units a second; what has no unit in its name is per unit (a request, a job). */
export type Figures = Readonly<Record<string, number>>

/** What each subject of a part measured in one round. The subjects are rivals: all run in the same round. */
export type Round = Readonly<Record<string, Figures>>

export interface RoundOptions {
  /** Small and quick: for the counts, not for the rates. */
  isShort: boolean
  /** Other engines are measured, too. */
  hasPeers: boolean
  /** How long a soak lasts. */
  minutes: number
}

/** One question of the bench: how fast, at what cost, beside what. */
export interface Part {
  name: string
  /** What is counted: `request`, `job`. */
  unit: string
  /** Figures that are plotted against size: `p99 ms` is measured as `p99 ms at 10000` and so on. */
  plotted?: readonly string[]
  /** Measured when it is named, and in one round: it takes long. */
  onRequest?: true
  run(stack: Stack, options: RoundOptions): Promise<Round>
}

/** A part after all its rounds. */
export interface PartResult {
  part: string
  unit: string
  rounds: readonly Round[]
  /** By subject, figure by figure. */
  medians: Round
}
