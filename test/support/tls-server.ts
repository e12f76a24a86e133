import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { KeyPair } from './certificate-authority.ts'

/** An https server that requires a client certificate of an authority, or none if it has none. */
export interface TlsServer {
  port: number
  /** The subject of the client certificate of each request; empty if there was none. */
  readonly subjects: readonly string[]
  /** How many TCP connections have been opened. */
  connections(): number
  close(): Promise<void>
}

interface Options {
  pair: KeyPair
  clientCa?: string
  /** Answers this many requests, and reads the others. */
  answers?: number
}

export async function startTlsServer({ pair, clientCa, answers = Infinity }: Options): Promise<TlsServer> {
  const subjects: string[] = []
  let connectionCount = 0
  const asking = clientCa === undefined ? {} : { ca: clientCa, requestCert: true, rejectUnauthorized: true }
  const server = createServer({ cert: pair.certificate, key: pair.key, ...asking }, (request, response) => {
    const { subject } = (request.socket as TLSSocket).getPeerCertificate()
    subjects.push(String(subject?.CN ?? ''))
    if (subjects.length <= answers) request.resume().on('end', () => response.end('{}'))
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
