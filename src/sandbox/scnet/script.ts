import { withVariables } from '../echoed-lines.ts'

/** A line that a script prints. */
export interface ScriptLine {
  /** Time since the start of the script. */
  readonly atMs: number
  readonly stream: 'out' | 'err'
  readonly text: string
}

/** The simulated behaviour of a script. */
export interface ScriptRun {
  /** How long it sleeps; `null` if it does not. */
  readonly sleepMs: number | null
  readonly exitCode: number
  /** Whether it contains an explicit `exit`. */
  readonly hasExit: boolean
  readonly lines: readonly ScriptLine[]
}

// `exit` after `||` or `then` is a guard and does not count. Words may be quoted.
const steps =
  /(?<guard>(?:\|\||\bthen\b)\s*\{?\s*['"]?)?\b(?:(?<word>sleep|exit)['"]?\s+['"]?(?<value>\d+(?:\.\d+)?|\$\?)|echo\b['"]?(?<text>(?:'[^'\n]*'|"[^"\n]*"|[^\n;&|<>'"])*)(?<toErr>>&2)?)/g

const commandFalse = /(^|[\n;&|('"])[^\S\n]*false[^\S\n]*($|[\n;&|)'"])/

/**
 * Simulates a script: `sleep N` takes N seconds, `exit N` ends it with N, the command `false` ends it with 1, and
 * `echo` prints a line, with `>&2` to the error stream. Everything else takes no time and succeeds.
 */
export function readScript(script: string): ScriptRun {
  const all = [...script.matchAll(steps)].map(({ groups }) => groups ?? {})
  const exitAt = all.findIndex(({ word, guard }) => word === 'exit' && guard === undefined)
  const lines: ScriptLine[] = []
  const variables = exportedBy(script)
  let sleepMs: number | null = null
  for (const { word, value, text, toErr } of exitAt < 0 ? all : all.slice(0, exitAt)) {
    if (word === 'sleep') sleepMs = (sleepMs ?? 0) + secondsIn(value) * 1000
    if (text !== undefined)
      lines.push({ atMs: sleepMs ?? 0, stream: toErr ? 'err' : 'out', text: unquoted(text, variables) })
  }
  return { sleepMs, lines, hasExit: exitAt >= 0, exitCode: exitCodeOf(script, all[exitAt]?.value) }
}

function secondsIn(value: string | undefined): number {
  return Number(value) || 0
}

function exitCodeOf(script: string, value: string | undefined): number {
  if (value !== undefined && value !== '$?') return Math.trunc(Number(value)) % 256
  return commandFalse.test(script) ? 1 : 0
}

/** `export NAME='value'` */
function exportedBy(script: string): Readonly<Record<string, string>> {
  const lines = script.matchAll(/^export (\w+)=(?:'([^'\n]*)'|([^\s']*))$/gm)
  return Object.fromEntries([...lines].map(([, name = '', quoted, bare = '']) => [name, quoted ?? bare]))
}

function unquoted(text: string, variables: Readonly<Record<string, string>>): string {
  return text
    .trim()
    .replaceAll(
      /'([^']*)'|"([^"]*)"|([^'"]+)/g,
      (_match, single?: string, double?: string, bare?: string) =>
        single ?? withVariables(double ?? bare ?? '', variables),
    )
}
