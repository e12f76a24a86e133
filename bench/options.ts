import { parseArgs } from 'node:util'

export interface Options {
  parts: string[]
  isShort: boolean
  rounds: number
  /** Beside other engines, too, which are installed for it. */
  hasPeers: boolean
  /** Where Postgres keeps its data, on a disk. */
  dir: string
  /** Where plots are written. */
  plots: string
}

const usage =
  'Usage: npm run bench -- [part ...] [--short] [--peers] [--rounds <number>] [--dir <directory on a disk>] [--plots <directory>]'

/**
 * Reads the command line.
 *
 * @throws with the usage, when it cannot be read
 */
export function readOptions(args: readonly string[], known: readonly string[]): Options {
  const { values, positionals } = parse(args)
  const unknown = positionals.find((part) => !known.includes(part))
  if (unknown !== undefined) throw new Error(`There is no part "${unknown}"; there are ${known.join(', ')}. ${usage}`)
  const rounds = Number(values.rounds ?? (values.short ? 1 : 3))
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > 100)
    throw new Error(`--rounds is "${values.rounds}"; it takes a number from 1 to 100. ${usage}`)
  return {
    parts: positionals.length === 0 ? [...known] : known.filter((part) => positionals.includes(part)),
    isShort: values.short ?? false,
    hasPeers: values.peers ?? false,
    rounds,
    dir: values.dir ?? '.data/bench',
    plots: values.plots ?? 'bench/results',
  }
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
        dir: { type: 'string' },
        plots: { type: 'string' },
      },
    })
  } catch (cause) {
    throw new Error(`${cause instanceof Error ? cause.message : String(cause)}. ${usage}`, { cause })
  }
}
