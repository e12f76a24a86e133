import { createSecureContext, getCACertificates, type SecureContext, TLSSocket } from 'node:tls'
import type { buildConnector } from 'undici'

/** What is passed to TLS connections, parsed once per connector. */
export interface TlsOptions {
  destination: { secureContext?: SecureContext }
  /** Connections to a proxy by https; created at first use, because it parses all default authorities. */
  proxy(): { secureContext?: SecureContext }
}

interface Certificates {
  caCertificate?: string
  clientCertificate?: { certificate: string; key: string }
}

/**
 * A bundle of certificate authorities replaces the default ones for destinations, so that a connection can be limited to
 * an internal authority. A proxy may have a certificate of either.
 */
export function tlsOptionsOf({ caCertificate: ca, clientCertificate: client }: Certificates): TlsOptions {
  const own = client === undefined ? {} : { cert: client.certificate, key: client.key }
  if (ca === undefined && client === undefined) return { destination: {}, proxy: () => ({}) }
  const destination = { secureContext: createSecureContext({ ...own, ...(ca === undefined ? {} : { ca }) }) }
  if (ca === undefined) return { destination, proxy: () => ({}) }
  let secureContext: SecureContext | undefined
  return {
    destination,
    proxy: () => {
      secureContext ??= createSecureContext({ ca: [...getCACertificates('default'), ca] })
      return { secureContext }
    },
  }
}

/**
 * Ends a socket with the alert that it has received instead of the first response. Node.js emits an alert as an error and
 * then the end of the stream, and undici reports only the latter. A later alert, on a socket that has carried a response,
 * does not name the request in flight: it is reported like any other end.
 */
export function endedByAlert(connect: buildConnector.connector): buildConnector.connector {
  return (options, callback) => {
    connect(options, (...result) => {
      const [, socket] = result
      if (socket instanceof TLSSocket) socket.once('error', (alert) => socket.destroy(endOf(socket, alert)))
      callback(...result)
    })
  }
}

/** `bytesRead` of a TLS socket counts decrypted bytes, so a finished handshake is not included. */
function endOf({ bytesRead }: TLSSocket, alert: Error): Error {
  return bytesRead === 0 ? alert : Object.assign(new Error(alert.message), { code: 'ECONNRESET' })
}
