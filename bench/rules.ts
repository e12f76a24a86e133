import type { PartResult, Round } from './figures.ts'
import type { RoundOptions } from './part.ts'

/** Slots of the measured worker. */
export const slots = 16

/**
 * Limit of a figure. `against`: as a multiple of the same figure of another subject in the same run. `isCount`:
 * independent of the machine and its load, so that a violation fails the bench; times never fail it. `isLong`: not
 * measured in the short form. `isPeer`: measured only with `--peers`.
 */
export interface Rule {
  part: string
  subject: string
  figure: string
  against?: string
  atLeast?: number
  atMost?: number
  isCount?: true
  isLong?: true
  isPeer?: true
}

export const rules: readonly Rule[] = [
  { part: 'accept', subject: 'switchyard', figure: 'failed', atMost: 0, isCount: true },
  { part: 'accept', subject: 'switchyard', figure: 'commits', atMost: 0.9, isCount: true },
  { part: 'accept', subject: 'switchyard', figure: 'rate', against: 'one insert', atLeast: 1 },
  { part: 'accept', subject: 'switchyard', figure: 'rate', against: 'three Prisma creates', atLeast: 6 },
  { part: 'accept', subject: 'switchyard', figure: 'rate', against: 'Restate', atLeast: 1.5, isPeer: true },
  { part: 'accept', subject: 'switchyard', figure: 'p99 ms', atMost: 60 },
  { part: 'accept', subject: 'beside a worker', figure: 'rate', against: 'switchyard', atLeast: 0.4, isLong: true },
  { part: 'accept', subject: 'Postgres queue', figure: 'failed', atMost: 0, isCount: true },
  { part: 'accept', subject: 'Postgres queue', figure: 'rate', against: 'switchyard', atLeast: 0.7 },
  { part: 'drain', subject: 'switchyard', figure: 'leases', atMost: slots, isCount: true },
  { part: 'drain', subject: 'switchyard', figure: 'creates', atMost: 1, isCount: true },
  // A page contains every job; the number of pages depends on the duration of the drain.
  { part: 'drain', subject: 'switchyard', figure: 'list pages', atMost: 0.1, isCount: true },
  // A job is read individually if no page has contained it for long; never once per create.
  { part: 'drain', subject: 'switchyard', figure: 'other calls', atMost: 0.02, isCount: true },
  { part: 'drain', subject: 'switchyard', figure: 'commits', atMost: 3, isCount: true },
  { part: 'drain', subject: 'switchyard', figure: 'WAL KiB', atMost: 12, isCount: true },
  { part: 'drain', subject: 'switchyard', figure: 'rate', atLeast: 300 },
  { part: 'drain', subject: 'switchyard', figure: 'rate', against: 'bare BullMQ', atLeast: 0.5 },
  { part: 'drain', subject: 'switchyard', figure: 'rate', against: 'Restate', atLeast: 0.5, isPeer: true },
  { part: 'drain', subject: 'switchyard', figure: 'postgres CPU ms', atMost: 2 },
  { part: 'drain', subject: 'switchyard', figure: 'worker RSS MiB', atMost: 300 },
  { part: 'drain', subject: 'two workers', figure: 'leases', atMost: 2 * slots, isCount: true, isLong: true },
  { part: 'drain', subject: 'two workers', figure: 'creates', atMost: 1, isCount: true, isLong: true },
  { part: 'drain', subject: 'two workers', figure: 'rate', against: 'switchyard', atLeast: 1.6, isLong: true },
  { part: 'drain', subject: '30,000 jobs', figure: 'leases', atMost: slots, isCount: true, isLong: true },
  { part: 'drain', subject: '30,000 jobs', figure: 'creates', atMost: 1, isCount: true, isLong: true },
  { part: 'drain', subject: '30,000 jobs', figure: 'rate', against: 'switchyard', atLeast: 0.9, isLong: true },
  { part: 'fairness', subject: 'beside one slow and one dead', figure: 'leases', atMost: slots, isCount: true },
  { part: 'fairness', subject: 'beside one slow and one dead', figure: 'rate', against: 'healthy alone', atLeast: 0.8 },
  { part: 'fairness', subject: 'beside one slow and one dead', figure: 'small project ms', atMost: 1000 },
  { part: 'fairness', subject: 'beside one slow and one dead', figure: 'cancel ms', atMost: 1000 },
  { part: 'process', subject: 'api', figure: 'process RSS MiB', atMost: 220 },
  { part: 'process', subject: 'worker', figure: 'process RSS MiB', atMost: 220 },
  { part: 'process', subject: 'killed worker', figure: 'seconds until all went on', atMost: 15 },
  // A create in flight at the kill was sent or not: in both cases the job exists once.
  { part: 'process', subject: 'killed worker', figure: 'creates', atMost: 1, isCount: true },
  { part: 'read', subject: 'worst', figure: 'rows per row of a page', atMost: 20, isCount: true },
  { part: 'read', subject: 'worst', figure: 'p99 growth', atMost: 3 },
  ...observing('1k jobs', 5),
  ...observing('10k jobs', 5, { isLong: true }),
  ...observing('100k jobs', 10, { isLong: true }),
  { part: 'streams', subject: 'many', figure: 'misplaced', atMost: 0, isCount: true },
  // Mostly from repeated long polls, each with an authentication, a read and a separate view.
  { part: 'streams', subject: 'many', figure: 'statements', atMost: 4, isCount: true },
  { part: 'streams', subject: 'many', figure: 'statements', against: 'few', atMost: 1.5, isCount: true },
  { part: 'streams', subject: 'many', figure: 'p99 ms', atMost: 250 },
  { part: 'streams', subject: 'many', figure: 'wait p99 ms', atMost: 250 },
  { part: 'streams', subject: 'many', figure: 'accepted/s', against: 'nobody', atLeast: 0.7 },
  { part: 'streams', subject: 'many', figure: 'api RSS MiB', atMost: 300 },
  { part: 'webhooks', subject: 'switchyard', figure: 'missing', atMost: 0, isCount: true },
  { part: 'webhooks', subject: 'switchyard', figure: 'twice', atMost: 0, isCount: true },
  { part: 'webhooks', subject: 'beside one silent and one slow', figure: 'missing', atMost: 0, isCount: true },
  { part: 'webhooks', subject: 'beside one silent and one slow', figure: 'twice', atMost: 0, isCount: true },
  { part: 'webhooks', subject: 'switchyard', figure: 'statements', atMost: 0.5, isCount: true },
  { part: 'webhooks', subject: 'switchyard', figure: 'commits', atMost: 0.5, isCount: true },
  { part: 'webhooks', subject: 'switchyard', figure: 'rate', against: 'bare loop', atLeast: 0.5 },
  { part: 'webhooks', subject: 'switchyard', figure: 'worker RSS MiB', atMost: 300 },
  { part: 'webhooks', subject: 'beside one silent and one slow', figure: 'rate', against: 'switchyard', atLeast: 0.8 },
  { part: 'soak', subject: 'switchyard', figure: 'api growth', atMost: 1.15 },
  { part: 'soak', subject: 'switchyard', figure: 'worker growth', atMost: 1.15 },
  { part: 'soak', subject: 'switchyard', figure: 'api RSS MiB', atMost: 300 },
  { part: 'soak', subject: 'switchyard', figure: 'worker RSS MiB', atMost: 300 },
  { part: 'soak', subject: 'switchyard', figure: 'failed', atMost: 0, isCount: true },
  { part: 'soak', subject: 'switchyard', figure: 'not ended', atMost: 0, isCount: true },
  { part: 'soak', subject: 'switchyard', figure: 'not heard', atMost: 0, isCount: true },
  { part: 'soak', subject: 'switchyard', figure: 'not delivered', atMost: 0, isCount: true },
  { part: 'soak', subject: 'switchyard', figure: 'delivered twice', atMost: 0, isCount: true },
]

/** Rules for scans of many running jobs, whatever their number. */
function observing(subject: string, statements: number, size: Pick<Rule, 'isLong'> = {}): Rule[] {
  const targets: Omit<Rule, 'part' | 'subject'>[] = [
    // A scan in progress at either end of the measurement is counted by its pages but not as a scan, or vice versa.
    { figure: 'calls per page', atMost: 1.25, isCount: true },
    // Each scan has three statements: claim, snapshot and end. The other statements of a worker per second are added:
    // the fewer scans per second, the more.
    { figure: 'statements, nothing changes', atMost: statements, isCount: true },
    { figure: 'lag p99 ÷ scan', atMost: 2 },
    { figure: 'worker cores', atMost: 0.2 },
    { figure: 'longest block ms', atMost: 100 },
    { figure: 'worker RSS MiB', atMost: 300 },
  ]
  return targets.map((rule) => ({ part: 'observe', subject, ...rule, ...size }))
}

export interface RuleResult extends Rule {
  /** Median, or for a count the worst of all rounds. */
  value: number
  isMet: boolean
}

/**
 * Evaluates the rules of the parts that ran.
 *
 * @throws if a figure was not measured: the harness is broken
 */
export function checkRules(
  results: readonly PartResult[],
  { isShort, hasPeers }: RoundOptions,
  checked: readonly Rule[] = rules,
): RuleResult[] {
  const due = checked.filter(({ isLong, isPeer }) => !(isShort && isLong) && (hasPeers || !isPeer))
  return results.flatMap((result) =>
    due.filter(({ part }) => part === result.part).map((rule) => resultOf(rule, result)),
  )
}

/** Violated rules that fail the run. */
export function failures(results: readonly RuleResult[]): RuleResult[] {
  return results.filter(({ isCount, isMet }) => isCount === true && !isMet)
}

function resultOf(rule: Rule, { rounds, medians }: PartResult): RuleResult {
  const values = (rule.isCount ? rounds : [medians]).map((round) => measuredBy(rule, round))
  const value = rule.atLeast === undefined ? Math.max(...values) : Math.min(...values)
  return { ...rule, value, isMet: value >= (rule.atLeast ?? -Infinity) && value <= (rule.atMost ?? Infinity) }
}

function measuredBy({ subject, figure, against }: Rule, round: Round): number {
  const value = figureOf(round, subject, figure)
  return against === undefined ? value : value / figureOf(round, against, figure)
}

function figureOf(round: Round, subject: string, figure: string): number {
  const value = round[subject]?.[figure]
  if (value === undefined || !Number.isFinite(value))
    throw new Error(`The bench did not measure "${figure}" of "${subject}".`)
  return value
}
