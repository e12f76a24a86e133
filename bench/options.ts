import { parseArgs } from 'node:util'
import type { Part } from './part.ts'

export interface Options {
  parts: string[]
  isShort: boolean
  rounds: number
  /** Also measures other engines, which are installed on demand. */
  hasPeers: boolean
  /** Duration of a soak. */
  minutes: number
  /** Data directory of Postgres, on a disk. */
  dir: string
  /** Directory of the plots. */
  plots: string
}

const usage =
  'Usage: npm run bench -- [part ...] [--short] [--peers] [--rounds <number>] [--minutes <number>] [--dir <directory on a disk>] [--plots <directory>]'

/**
 * Parses the command line. Without named parts, all are run except those on request.
 *
 * @throws with the usage if it is invalid
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
