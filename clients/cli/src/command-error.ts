import { exitCodes } from './exit-codes.ts'

/** An error of the command line itself. The message states what was given, the rule, and the remedy. */
export class CommandError extends Error {
  readonly code: string
  readonly exitCode: number

  constructor(message: string, options: { code?: string; exitCode?: number; cause?: unknown } = {}) {
    super(message, { cause: options.cause })
    this.name = 'CommandError'
    this.code = options.code ?? 'failed'
    this.exitCode = options.exitCode ?? exitCodes.failed
  }
}

/** Arguments or files that cannot be used; nothing was sent. */
export function usageError(message: string, cause?: unknown): CommandError {
  return new CommandError(message, { code: 'invalid_usage', exitCode: exitCodes.usage, cause })
}
