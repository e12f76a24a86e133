import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, connect } from 'node:net'
import type { Duplex } from 'node:stream'

/** `reset` closes the connection, `silent` never answers, and `chatty` sends more than its answer. */
type Answer = number | 'reset' | 'silent' | 'chatty'

/** An HTTP proxy that tunnels by CONNECT. It resolves every name to this machine. */
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
  /** Answers further CONNECT requests with this status, or as `Answer` describes. */
  answer(how: Answer): void
  /** Bytes that came through tunnels towards the destinations. */
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
  let how: Answer = 200
  let byteCount = 0

  const server: Server = tls === undefined ? createServer() : createTlsServer(tls)
  server.on('request', (request: IncomingMessage, response) => {
    others.push(request.url ?? '')
    response.writeHead(405).end()
  })
  server.on('connect', (request: IncomingMessage, near: Duplex) => {
    const { url: authority = '', headers } = request
    connects.push(authority)
    authorizations.push(headers['proxy-authorization'] ?? '')
    sockets.add(near.on('error', () => {}))
    if (how === 'silent') return
    if (how === 'chatty') return void near.write('HTTP/1.1 200 OK\r\n\r\nhello')
    if (how === 'reset') return void near.destroy()
    if (how !== 200) return void near.end(`HTTP/1.1 ${how} No\r\ncontent-length: 2\r\nconnection: close\r\n\r\nno`)
    const far = connect({ host: '127.0.0.1', port: Number(authority.split(':').at(-1)) })
    sockets.add(far.on('error', () => near.destroy()))
    far.on('connect', () => {
      tunnelPorts.add(far.localPort ?? 0)
      near.write('HTTP/1.1 200 Connection established\r\n\r\n')
      near.on('data', (chunk: Buffer) => {
        byteCount += chunk.byteLength
      })
      near.pipe(far).pipe(near)
    })
    near.on('close', () => far.destroy())
    far.on('close', () => near.destroy())
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
    answer: (next) => {
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
