import type { Provider } from '../providers/provider.ts'
import { ApiError } from '../vocabulary/api-error.ts'
import type { JsonObject } from '../vocabulary/json.ts'
import type { NetworkPatch } from './network.ts'

interface Parts {
  credentials: JsonObject
  network: NetworkPatch | undefined
}

/** Moves parts of the credentials to where they belong. What the request says of the network itself comes first. */
export function unpackCredentials(
  provider: Provider,
  settings: JsonObject,
  { credentials, network }: { credentials: JsonObject; network: NetworkPatch | undefined },
): Parts {
  const unpacked = provider.unpack?.(credentials, settings) ?? { credentials }
  if ('detail' in unpacked) {
    const { field, detail } = unpacked
    const pointer = `/credentials/${provider.id}/${field}`
    throw new ApiError('unprocessable', detail, { errors: [{ in: 'body', pointer, code: 'invalid', detail }] })
  }
  if (unpacked.network === undefined) return { credentials: unpacked.credentials, network }
  return { credentials: unpacked.credentials, network: { ...unpacked.network, ...network } }
}
