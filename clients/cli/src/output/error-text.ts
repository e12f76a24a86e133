import { CommandError } from '../command-error.ts'
import { exitCodes } from '../exit-codes.ts'
import type { Paint } from './paint.ts'
import { printable } from './printable.ts'

interface FieldError {
  in?: string
  pointer: string
  detail: string
}

/** An error for people and for programs. */
export interface ErrorReport {
  code: string
  message: string
  status?: number
  errors?: readonly FieldError[]
  requestId?: string
}

/** Reads an error of the service, of the connection to it, or of the command line. */
export function reportOf(error: unknown): ErrorReport {
  if (!(error instanceof Error)) return { code: 'failed', message: String(error) }
  if (error instanceof CommandError) return { code: error.code, message: error.message }
  const { status, detail, title, errors, requestId } = error as Partial<ErrorReport> & {
    detail?: string
    title?: string
  }
  const code = Reflect.get(error, 'code')
  return {
    code: typeof code === 'string' ? code : codeOf(error),
    message: detail ?? title ?? error.message,
    ...(typeof status === 'number' ? { status } : {}),
    ...(Array.isArray(errors) && errors.length > 0 ? { errors } : {}),
    ...(typeof requestId === 'string' ? { requestId } : {}),
  }
}

/** `ConnectionError` is `connection_error`. */
function codeOf({ name }: Error): string {
  return name.replace(/(?<=[a-z])(?=[A-Z])/g, '_').toLowerCase()
}

export function exitCodeOf(error: unknown): number {
  return error instanceof CommandError ? error.exitCode : exitCodes.failed
}

/** Renders an error as text of a few lines, or as one line of JSON. */
export function renderError(error: unknown, options: { json: boolean; paint: Paint }): string {
  const report = reportOf(error)
  if (options.json) return `${JSON.stringify({ error: report })}\n`
  const { code, message, errors = [], requestId, status } = report
  const suffix = status === undefined ? '' : ` (${status} ${printable(code)})`
  const lines = [
    `${options.paint('red', 'Error:')} ${printable(message)}${suffix}`,
    ...errors.filter(({ detail }) => detail !== message).map(fieldLine),
    ...(requestId === undefined ? [] : [`  Request id: ${printable(requestId)}`]),
  ]
  return `${lines.join('\n')}\n`
}

function fieldLine({ in: part, pointer, detail }: FieldError): string {
  const place = part === undefined || part === 'body' ? pointer : `${part} ${pointer}`
  return `  ${printable(place)}: ${printable(detail)}`
}
