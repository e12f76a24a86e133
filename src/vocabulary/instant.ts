import { ApiError, type ValidationError } from './api-error.ts'

const earliest = Date.parse('0001-01-01T00:00:00Z')
const latest = Date.parse('9999-12-31T23:59:59.999Z')

/**
 * Parses a timestamp of a client. The format check accepts leap seconds and years that JavaScript or the database
 * cannot represent.
 *
 * @throws ApiError `invalid_request`
 */
export function instantOf(text: string, { in: where, pointer }: Pick<ValidationError, 'in' | 'pointer'>): Date {
  const at = new Date(text)
  if (at.getTime() >= earliest && at.getTime() <= latest) return at
  const detail = `${pointer} is ${text}, an invalid timestamp: the year must be between 1 and 9999. Example: 2024-05-01T12:00:00Z.`
  throw new ApiError('invalid_request', detail, { errors: [{ in: where, pointer, code: 'format', detail }] })
}
