import type { Provider } from '../providers/provider.ts'
import { ProviderError } from '../providers/provider-error.ts'
import type { HttpClient } from '../providers/session.ts'
import { ApiError, type ValidationError } from '../vocabulary/api-error.ts'
import type { Json, JsonObject } from '../vocabulary/json.ts'

/** The reason why a URL is denied; null if it may be tried. The same rules apply again when it is dialed. */
export type EgressDenial = (url: string) => string | null

/** Rejects settings whose URLs are denied, with a pointer for each. */
export function rejectUncallable(denialOf: EgressDenial, provider: Provider, settings: JsonObject): void {
  const root = `/settings/${provider.id}`
  const given = urlsIn(root, settings)
  const base = provider.baseUrl(settings)
  // A URL composed of other settings (a region, a domain) has no field.
  const all = given.some(({ url }) => url === base) ? given : [...given, { pointer: root, url: base }]
  const errors = all.flatMap(({ pointer, url }): ValidationError[] => {
    const why = denialOf(url)
    return why === null ? [] : [{ in: 'body', pointer, code: 'egress_denied', detail: why }]
  })
  if (errors.length > 0) throw new ApiError('unprocessable', errors[0]?.detail ?? '', { errors })
}

/** The same client, with connection failures that name the setting of the address. */
export function namingAddresses(http: HttpClient, provider: Provider, settings: JsonObject): HttpClient {
  const base = provider.baseUrl(settings)
  const addresses = urlsIn('settings', settings).filter(({ url }) => URL.canParse(url))

  function named(error: unknown, origin: string): unknown {
    if (
      !(error instanceof ProviderError) ||
      error.code !== 'unavailable' ||
      !error.notSent ||
      error.field !== undefined
    )
      return error
    const address = addresses.find(({ url }) => new URL(url).origin === origin)
    if (address === undefined) return error
    const { code, message, cause } = error
    return new ProviderError(code, message, { field: address.pointer.replaceAll('/', '.'), notSent: true, cause })
  }

  return {
    send: (request) =>
      http.send(request).catch((error: unknown) => {
        throw named(error, request.origin ?? new URL(base).origin)
      }),
  }
}

function urlsIn(pointer: string, value: Json): { pointer: string; url: string }[] {
  if (typeof value === 'string') return /^https?:\/\//i.test(value) ? [{ pointer, url: value }] : []
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, item]) => urlsIn(`${pointer}/${key}`, item))
}
