import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { KeyPair } from './certificate-authority.ts'

/** An HTTPS server that requires a client certificate if it has a client authority. */
export interface TlsServer {
  port: number
  /** The subject of the client certificate of each request; empty if there is none. */
  readonly subjects: readonly string[]
  /** Number of opened TCP connections. */
  connections(): number
  close(): Promise<void>
}

interface Options {
  pair: KeyPair
  clientCa?: string
  /** Number of requests that receive a response; others are only read. */
  maxResponses?: number
}

export async function startTlsServer({ pair, clientCa, maxResponses = Infinity }: Options): Promise<TlsServer> {
  const subjects: string[] = []
  let connectionCount = 0
  const clientVerification = clientCa === undefined ? {} : { ca: clientCa, requestCert: true, rejectUnauthorized: true }
  const server = createServer({ cert: pair.certificate, key: pair.key, ...clientVerification }, (request, response) => {
    const { subject } = (request.socket as TLSSocket).getPeerCertificate()
    subjects.push(String(subject?.CN ?? ''))
    if (subjects.length <= maxResponses) request.resume().on('end', () => response.end('{}'))
  })
  server.on('connection', () => {
    connectionCount += 1
  })
  server.on('tlsClientError', () => {})
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    subjects,
    connections: () => connectionCount,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
