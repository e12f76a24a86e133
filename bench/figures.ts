/**
 * Measured values by name: `rate` is units per second; a figure without a unit in its name is per unit (request, job).
 */
export type Figures = Readonly<Record<string, number>>

/** Figures of each subject of a part in one round. All subjects run in the same round, for comparison. */
export type Round = Readonly<Record<string, Figures>>

/** Result of a part after all rounds. */
export interface PartResult {
  part: string
  unit: string
  rounds: readonly Round[]
  /** Medians of each figure, by subject. */
  medians: Round
}
