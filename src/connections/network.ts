import type { JsonObject } from '../vocabulary/json.ts'

/** How a connection reaches its provider. Stored encrypted as a whole. */
export interface Network {
  proxy?: { url: string; username?: string; password?: string }
  /** PEM bundle. */
  caCertificate?: string
  /** PEM: the certificate with its chain, and its key. */
  clientCertificate?: { certificate: string; key: string }
}

/** Each part is replaced as a whole; null removes it. */
export type NetworkPatch = { readonly [part in keyof Network]?: Network[part] | null }

export interface CertificateView {
  subject: string
  fingerprint256: string
  expiresAt: string
}

/** The part that clients see, without secrets. */
export interface NetworkView {
  proxy?: { url: string; hasCredentials: boolean }
  caCertificates?: readonly CertificateView[]
  clientCertificate?: CertificateView
}

export interface NetworkChange {
  network: Network
  view: NetworkView
  /** The names of the changed parts. */
  changed: readonly (keyof Network)[]
}

/** Wrapped, so that sealed credentials of the same row cannot take its place. */
export function sealable(network: Network): JsonObject {
  return { network: JSON.parse(JSON.stringify(network)) as JsonObject }
}

/** @throws if the unsealed object is not a network */
export function networkIn(unsealed: JsonObject): Network {
  if (typeof unsealed.network !== 'object' || unsealed.network === null) throw new Error('Not a sealed network.')
  return unsealed.network as Network
}
