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

/** A script without an interpreter, or with the shell that runs it anyway, is sent as it is. */
function runScript(script: string): string {
  const [, interpreter = '', argument] = /^#![ \t]*(\S+)(?:[ \t]+([^\n]*\S))?[ \t\r]*(?:\n|$)/.exec(script) ?? []
  if (interpreter === '' || (interpreter === '/bin/sh' && argument === undefined)) return script
  const words = [interpreter, ...(argument === undefined ? [] : [argument])].map(quoteWord).join(' ')
  const end = delimiterFor(script)
  return [
    'f=$(mktemp) || exit 1',
    `trap 'rm -f "$f"' EXIT`,
    `trap 'exit 143' TERM`,
    `cat >"$f" <<'${end}'`,
    script.endsWith('\n') ? script.slice(0, -1) : script,
    end,
    `${words} "$f"`,
  ].join('\n')
}

/** A word that is no line of the script. */
function delimiterFor(script: string): string {
  const lines = new Set(script.split('\n'))
  let word = 'SWITCHYARD_SCRIPT'
  while (lines.has(word)) word += '_'
  return word
}
