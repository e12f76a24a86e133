import { isDeepStrictEqual } from 'node:util'
import { ApiError, type ValidationError } from '../vocabulary/api-error.ts'
import { certificatesIn, certificateView, keyError, normalized, type PemError, periodError } from './certificates.ts'
import type { EgressDenial } from './endpoints.ts'
import type { Network, NetworkChange, NetworkPatch, NetworkView } from './network.ts'

interface Rules {
  egressDenial: EgressDenial
  now: Date
  /** Whether the request contains new credentials. */
  hasCredentials: boolean
}

/**
 * Merges and checks the network of a connection. The proxy and the trusted authorities together determine who can read
 * the traffic, so they change only together with new credentials: otherwise a caller who may update a connection could
 * send its stored credentials through a proxy that decrypts them.
 */
export function reviseNetwork(current: Network, patch: NetworkPatch, rules: Rules): NetworkChange {
  const given = withoutComments(patch)
  const entries = Object.entries({ ...current, ...given }).filter(([, value]) => value !== null)
  const network: Network = Object.fromEntries(entries)
  const parts = Object.keys(given) as (keyof Network)[]
  const changed = parts.filter((part) => !isDeepStrictEqual(network[part], current[part]))
  // The response to an unchanged password would confirm a guess.
  const isGuess = given.proxy?.username !== undefined || given.proxy?.password !== undefined
  const guarded = parts.filter(
    (part) => (part !== 'clientCertificate' && changed.includes(part)) || (part === 'proxy' && isGuess),
  )
  const errors = rules.hasCredentials ? [] : guarded.map(credentialsRequired)
  errors.push(...proxyErrors(given.proxy ?? undefined, rules.egressDenial), ...certificateErrors(given, rules.now))
  if (errors.length > 0) throw new ApiError('unprocessable', errors.map(({ detail }) => detail).join(' '), { errors })
  return { network, view: networkViewOf(network), changed }
}

/** The stored text is what TLS reads and what is compared; text around certificates is neither. */
function withoutComments({ caCertificate: ca, clientCertificate: client, ...rest }: NetworkPatch): NetworkPatch {
  return {
    ...rest,
    ...(ca === undefined ? {} : { caCertificate: ca && normalized(ca) }),
    ...(client === undefined
      ? {}
      : { clientCertificate: client && { ...client, certificate: normalized(client.certificate) } }),
  }
}

function credentialsRequired(part: keyof Network): ValidationError {
  const detail = `\`${part}\` determines who can read the connection's traffic. To change it, send new credentials in the same PATCH.`
  return errorAt(part, { code: 'credentials_required', detail })
}

function proxyErrors(proxy: Network['proxy'], egressDenial: EgressDenial): ValidationError[] {
  if (proxy === undefined) return []
  const denial = egressDenial(proxy.url)
  if (denial !== null) return [errorAt('proxy/url', { code: 'egress_denied', detail: denial })]
  const { pathname, search, hash } = new URL(proxy.url)
  if (pathname !== '/' || search !== '' || hash !== '') {
    const detail = 'A proxy has no path, query or fragment. Send its URL as http://host:port or https://host:port.'
    return [errorAt('proxy/url', { code: 'invalid', detail })]
  }
  if (proxy.username?.includes(':') !== true) return []
  const detail = 'A user name cannot contain a colon (RFC 7617).'
  return [errorAt('proxy/username', { code: 'invalid', detail })]
}

function certificateErrors({ caCertificate, clientCertificate }: NetworkPatch, now: Date): ValidationError[] {
  const errors: ValidationError[] = []
  const add = (path: string, error: PemError | null | undefined) => {
    if (error !== null && error !== undefined) errors.push(errorAt(path, error))
  }
  if (typeof caCertificate === 'string') {
    const found = certificatesIn(caCertificate)
    const periods = 'code' in found ? [found] : found.map((each) => periodError(each, now))
    // A bundle may contain certificates that have been replaced.
    if (periods.every((error) => error !== null)) add('caCertificate', periods[0])
  }
  if (clientCertificate !== null && clientCertificate !== undefined) {
    const found = certificatesIn(clientCertificate.certificate)
    const [leaf] = 'code' in found ? [] : found
    add('clientCertificate/certificate', 'code' in found ? found : leaf && periodError(leaf, now))
    add('clientCertificate/key', keyError(clientCertificate))
  }
  return errors
}

function networkViewOf({ proxy, caCertificate, clientCertificate }: Network): NetworkView {
  const authorities = viewsOf(caCertificate)
  const [client] = viewsOf(clientCertificate?.certificate)
  return {
    ...(proxy === undefined
      ? {}
      : {
          proxy: {
            url: new URL(proxy.url).origin,
            hasCredentials: proxy.username !== undefined || proxy.password !== undefined,
          },
        }),
    ...(authorities.length === 0 ? {} : { caCertificates: authorities }),
    ...(client === undefined ? {} : { clientCertificate: client }),
  }
}

function viewsOf(pem: string | undefined) {
  const found = pem === undefined ? [] : certificatesIn(pem)
  return 'code' in found ? [] : found.map(certificateView)
}

function errorAt(path: string, { code, detail }: { code: string; detail: string }): ValidationError {
  return { in: 'body', pointer: `/network/${path}`, code, detail }
}
