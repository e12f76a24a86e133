import { parseArgs } from 'node:util'
import type { Part } from './part.ts'

export interface Options {
  parts: string[]
  isShort: boolean
  rounds: number
  /** Beside other engines, too, which are installed for it. */
  hasPeers: boolean
  /** How long a soak lasts. */
  minutes: number
  /** Where Postgres keeps its data, on a disk. */
  dir: string
  /** Where plots are written. */
  plots: string
}

const usage =
  'Usage: npm run bench -- [part ...] [--short] [--peers] [--rounds <number>] [--minutes <number>] [--dir <directory on a disk>] [--plots <directory>]'

/**
 * Reads the command line. Where no part is named it is all, but for those that are measured on request.
 *
 * @throws with the usage, when it cannot be read
 */
export function readOptions(args: readonly string[], known: readonly Pick<Part, 'name' | 'onRequest'>[]): Options {
  const { values, positionals } = parse(args)
  const names = known.map(({ name }) => name)
  const unknown = positionals.find((part) => !names.includes(part))
  if (unknown !== undefined) throw new Error(`There is no part "${unknown}"; there are ${names.join(', ')}. ${usage}`)
  const named = known.filter(({ name, onRequest }) =>
    positionals.length === 0 ? !onRequest : positionals.includes(name),
  )
  return {
    parts: named.map(({ name }) => name),
    isShort: values.short ?? false,
    hasPeers: values.peers ?? false,
    rounds: numberOf('rounds', values.rounds ?? (values.short ? '1' : '3'), 100),
    minutes: numberOf('minutes', values.minutes ?? '10', 10_000),
    dir: values.dir ?? '.data/bench',
    plots: values.plots ?? 'bench/results',
  }
}

function numberOf(name: string, given: string, most: number): number {
  const number = Number(given)
  if (Number.isInteger(number) && number >= 1 && number <= most) return number
  throw new Error(`--${name} is "${given}"; it takes a number from 1 to ${most}. ${usage}`)
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        short: { type: 'boolean' },
        peers: { type: 'boolean' },
        rounds: { type: 'string' },
        minutes: { type: 'string' },
        dir: { type: 'string' },
        plots: { type: 'string' },
      },
    })
  } catch (cause) {
    throw new Error(`${cause instanceof Error ? cause.message : String(cause)}. ${usage}`, { cause })
  }
}
