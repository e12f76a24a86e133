import { parseArgs } from 'node:util'

/** Safeguards that a run can disable to show that it then reports violations. */
export const guards = ['find', 'fence', 'settling', 'generation'] as const
export type Guard = (typeof guards)[number]

export interface ChaosOptions {
  seed: string
  queue: 'redis' | 'postgres'
  /** Submitted jobs and environments in addition to the seeded cases. */
  workloads: number
  /** Duration of the load and the faults. */
  seconds: number
  without: Guard | null
  /** Short waits, and providers that execute at most seconds late instead of half a minute. */
  isShort: boolean
  /** Whether all processes continue after the report until interrupted. */
  stays: boolean
  /** Directory for logs and data; null = removed at the end. */
  keepDir: string | null
}

/** Full size, and the short form of CI. */
const sizes = {
  full: { workloads: 2000, seconds: 150 },
  short: { workloads: 150, seconds: 15 },
} as const

/** Throws for an invalid argument. */
export function readOptions(args: readonly string[]): ChaosOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { type: 'string' },
      queue: { type: 'string', default: 'redis' },
      workloads: { type: 'string' },
      seconds: { type: 'string' },
      without: { type: 'string' },
      short: { type: 'boolean', default: false },
      stay: { type: 'boolean', default: false },
      keep: { type: 'string' },
    },
  })
  const size = values.short ? sizes.short : sizes.full
  return {
    seed: values.seed ?? Math.random().toString(36).slice(2, 10),
    queue: oneOf('queue', ['redis', 'postgres'] as const, values.queue),
    workloads: count('workloads', values.workloads) ?? size.workloads,
    seconds: count('seconds', values.seconds) ?? size.seconds,
    without: values.without === undefined ? null : oneOf('without', guards, values.without),
    isShort: values.short,
    stays: values.stay,
    keepDir: values.keep ?? null,
  }
}

function oneOf<T extends string>(name: string, choices: readonly T[], value: string): T {
  const found = choices.find((choice) => choice === value)
  if (found === undefined) throw new Error(`--${name} is one of ${choices.join(', ')}, not ${value}`)
  return found
}

function count(name: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined
  const number = Number(value)
  if (!Number.isInteger(number) || number < 0) throw new Error(`--${name} is a whole number, not ${value}`)
  return number
}
