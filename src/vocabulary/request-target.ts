import type { ValidationError } from './api-error.ts'

const detail = 'Specify `connectionId`, or `provider` if the project has exactly one connection to it.'

/** Error for a request that names neither a connection nor a provider. */
export const missingTarget: ValidationError = { in: 'body', pointer: '/provider', code: 'required', detail }

/** Checks the target of a body that was not validated against a schema. */
export function targetErrors(body: unknown): readonly ValidationError[] {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return []
  return 'connectionId' in body || 'provider' in body ? [] : [missingTarget]
}
