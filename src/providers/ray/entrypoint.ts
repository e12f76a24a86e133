import type { JobSpec } from '../../vocabulary/spec.ts'
import { quoteCommand, quoteWord } from '../kit/shell.ts'

/**
 * Ray runs the entrypoint by `/bin/sh -c`, so it is one argument of a program, which Linux limits to 128 KiB with its
 * terminator. A longer one fails when it starts (measured).
 */
export const maxEntrypointBytes = 131_071

/** The command line that Ray runs. */
export function entrypointOf({ command, script, workingDirectory }: JobSpec): string {
  const change = workingDirectory === undefined ? '' : `cd ${quoteWord(workingDirectory)} || exit 1\n`
  return change + (script === undefined ? `exec ${quoteCommand(command ?? [])}` : runScript(script))
}

/** A script without an interpreter, or with the default shell as interpreter, is sent unchanged. */
function runScript(script: string): string {
  const { interpreter, argument } = firstLineOf(script)
  if (interpreter === '' || (interpreter === '/bin/sh' && argument === '')) return script
  const program = [interpreter, ...(argument === '' ? [] : [argument])].map(quoteWord).join(' ')
  const end = delimiterFor(script)
  return [
    'f=$(mktemp) || exit 1',
    `trap 'rm -f "$f"' EXIT`,
    `trap 'exit 143' TERM`,
    `cat >"$f" <<'${end}'`,
    script.endsWith('\n') ? script.slice(0, -1) : script,
    end,
    `${program} "$f"`,
  ].join('\n')
}

/** The interpreter in the first line and the rest of the line as one argument, as Linux parses it. */
function firstLineOf(script: string): { interpreter: string; argument: string } {
  if (!script.startsWith('#!')) return { interpreter: '', argument: '' }
  const [line = ''] = script.slice(2).split('\n', 1)
  const text = line.trim()
  const end = text.search(/\s/)
  if (end < 0) return { interpreter: text, argument: '' }
  return { interpreter: text.slice(0, end), argument: text.slice(end).trim() }
}

/** A delimiter that is not a line of the script. */
function delimiterFor(script: string): string {
  const lines = new Set(script.split('\n'))
  let word = 'SWITCHYARD_SCRIPT'
  while (lines.has(word)) word += '_'
  return word
}
