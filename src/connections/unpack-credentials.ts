import { Value } from '@sinclair/typebox/value'
import type { CredentialError, Provider, Unpacked } from '../providers/provider.ts'
import { ApiError } from '../vocabulary/api-error.ts'
import type { JsonObject } from '../vocabulary/json.ts'
import type { NetworkPatch } from './network.ts'

interface Parts {
  credentials: JsonObject
  network: NetworkPatch | undefined
}

/** Moves parts of the credentials to where they belong. The network fields of the request take precedence. */
export function unpackCredentials(
  provider: Provider,
  settings: JsonObject,
  { credentials, network }: { credentials: JsonObject; network: NetworkPatch | undefined },
): Parts {
  const unpacked = checked(provider, credentials, provider.unpack?.(credentials, settings) ?? { credentials })
  if ('detail' in unpacked) {
    const { field, detail } = unpacked
    const pointer = `/credentials/${provider.id}/${field}`
    throw new ApiError('unprocessable', detail, { errors: [{ in: 'body', pointer, code: 'invalid', detail }] })
  }
  if (unpacked.network === undefined) return { credentials: unpacked.credentials, network }
  return { credentials: unpacked.credentials, network: { ...unpacked.network, ...network } }
}

/** Parts come from a text of which the request's schema knows nothing, so each is checked like one that was sent itself. */
function checked(
  { credentials: schema }: Provider,
  sent: JsonObject,
  unpacked: Unpacked | CredentialError,
): Unpacked | CredentialError {
  if ('detail' in unpacked || Value.Check(schema, unpacked.credentials)) return unpacked
  const error = Value.Errors(schema, unpacked.credentials).First()
  const part = error?.path.slice(1) ?? ''
  const [field = part] = Object.keys(sent).filter((name) => !Object.hasOwn(unpacked.credentials, name))
  return { field, detail: `The \`${part}\` in it is invalid: ${error?.message}. Send one that is complete.` }
}
