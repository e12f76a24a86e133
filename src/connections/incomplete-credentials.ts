import type { Provider } from '../providers/provider.ts'
import { Refusal } from '../vocabulary/api-error.ts'
import type { JsonObject } from '../vocabulary/json.ts'

/** Refuses credentials that no call could be made with, at the one that is missing or superfluous. */
export function refuseIncomplete(provider: Provider, credentials: JsonObject): void {
  const fault = provider.credentialFault?.(credentials) ?? null
  if (fault === null) return
  const { field, detail } = fault
  const pointer = `/credentials/${provider.id}/${field}`
  throw new Refusal('unprocessable', detail, { errors: [{ in: 'body', pointer, code: 'incomplete', detail }] })
}
