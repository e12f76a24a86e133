import type { Cli } from '../cli.ts'
import { CommandError, usageError } from '../command-error.ts'
import { exitCodes } from '../exit-codes.ts'

/** Whether prompts are possible: the input and standard error, where they appear, are a terminal. */
export function canPrompt({ stdin, stderr }: Cli): boolean {
  return stdin.isTTY === true && stderr.isTTY === true
}

/** Asks for a secret. The input is not shown, and not part of any message. */
export async function promptSecret(cli: Cli, message: string, options: { optional: boolean }): Promise<string> {
  const { password } = await import('@clack/prompts')
  const validate = (value: string | undefined) =>
    options.optional || value?.trim() ? undefined : 'A value is required.'
  return answerOf(await password({ message, validate, ...streamsOf(cli) }))
}

export async function promptText(cli: Cli, message: string, initialValue: string): Promise<string> {
  const { text } = await import('@clack/prompts')
  const validate = (value: string | undefined) => (value?.trim() ? undefined : 'A value is required.')
  return answerOf(await text({ message, initialValue, validate, ...streamsOf(cli) }))
}

/** Questions appear on standard error: standard output has only the result. */
function streamsOf({ stdin, stderr }: Cli) {
  return { input: stdin, output: stderr, withGuide: false }
}

/** Ctrl-C and Escape cancel a question. */
function answerOf(answer: string | symbol): string {
  if (typeof answer === 'string') return answer.trim()
  throw new CommandError('Canceled; nothing was sent or changed.', {
    code: 'canceled',
    exitCode: exitCodes.interrupted,
  })
}

/** The single secret in a text, without the line break at its end. */
export function secretOf(text: string, source: string): string {
  const secret = text.trim()
  if (secret === '') throw usageError(`${source} is empty. Expected the secret on one line.`)
  if (/\s/.test(secret)) throw usageError(`${source} contains more than one line or word. Expected only the secret.`)
  return secret
}
