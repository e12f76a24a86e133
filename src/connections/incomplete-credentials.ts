import type { Provider } from '../providers/provider.ts'
import { ApiError } from '../vocabulary/api-error.ts'
import type { JsonObject } from '../vocabulary/json.ts'

/** Rejects credentials with a missing or superfluous field, with a pointer to it. */
export function rejectIncomplete(provider: Provider, credentials: JsonObject): void {
  const validationError = provider.credentialError?.(credentials) ?? null
  if (validationError === null) return
  const { field, detail } = validationError
  const pointer = `/credentials/${provider.id}/${field}`
  throw new ApiError('unprocessable', detail, { errors: [{ in: 'body', pointer, code: 'incomplete', detail }] })
}
