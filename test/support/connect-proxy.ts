import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, connect } from 'node:net'
import type { Duplex } from 'node:stream'

/** `reset` closes the connection, `silent` never responds, and `chatty` sends data after the response. */
type ConnectResponse = number | 'reset' | 'silent' | 'chatty'

/** An HTTP proxy for CONNECT tunnels. It resolves every name to this machine. */
export interface ConnectProxy {
  url: string
  port: number
  /** The authorities of all CONNECT requests. */
  readonly connects: readonly string[]
  /** The `Proxy-Authorization` of all CONNECT requests; empty if absent. */
  readonly authorizations: readonly string[]
  /** Local ports of the connections to destinations. */
  readonly tunnelPorts: ReadonlySet<number>
  /** Requests that were not CONNECT. */
  readonly others: readonly string[]
  /** Sets the response to further CONNECT requests. */
  respondWith(how: ConnectResponse): void
  /** Number of bytes sent through tunnels to the destinations. */
  tunneledBytes(): number
  close(): Promise<void>
}

interface Options {
  /** Serves TLS with this certificate. */
  tls?: { cert: string; key: string }
}

export async function startConnectProxy({ tls }: Options = {}): Promise<ConnectProxy> {
  const connects: string[] = []
  const authorizations: string[] = []
  const others: string[] = []
  const sockets = new Set<Duplex>()
  const tunnelPorts = new Set<number>()
  let how: ConnectResponse = 200
  let byteCount = 0

  const server: Server = tls === undefined ? createServer() : createTlsServer(tls)
  server.on('request', (request: IncomingMessage, response) => {
    others.push(request.url ?? '')
    response.writeHead(405).end()
  })
  server.on('connect', (request: IncomingMessage, downstream: Duplex) => {
    const { url: authority = '', headers } = request
    connects.push(authority)
    authorizations.push(headers['proxy-authorization'] ?? '')
    sockets.add(downstream.on('error', () => {}))
    if (how === 'silent') return
    if (how === 'chatty') return void downstream.write('HTTP/1.1 200 OK\r\n\r\nhello')
    if (how === 'reset') return void downstream.destroy()
    if (how !== 200)
      return void downstream.end(`HTTP/1.1 ${how} No\r\ncontent-length: 2\r\nconnection: close\r\n\r\nno`)
    const upstream = connect({ host: '127.0.0.1', port: Number(authority.split(':').at(-1)) })
    sockets.add(upstream.on('error', () => downstream.destroy()))
    upstream.on('connect', () => {
      tunnelPorts.add(upstream.localPort ?? 0)
      downstream.write('HTTP/1.1 200 Connection established\r\n\r\n')
      downstream.on('data', (chunk: Buffer) => {
        byteCount += chunk.byteLength
      })
      downstream.pipe(upstream).pipe(downstream)
    })
    downstream.on('close', () => upstream.destroy())
    upstream.on('close', () => downstream.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    port,
    connects,
    authorizations,
    tunnelPorts,
    others,
    respondWith: (next) => {
      how = next
    },
    tunneledBytes: () => byteCount,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
        for (const socket of sockets) socket.destroy()
      }),
  }
}
