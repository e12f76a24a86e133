import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A forwarding proxy that can drop a response after the request was executed. */
export interface CuttingProxy {
  readonly url: string
  /** The requests in order, such as `POST /hub/api/users/ada/servers/x`. */
  readonly requests: readonly string[]
  /** Drops the response to the next matching request. */
  cutNext(method: string, target: RegExp): void
  close(): Promise<void>
}

export async function startCuttingProxy(upstreamUrl: string): Promise<CuttingProxy> {
  const upstream = new URL(upstreamUrl)
  const requests: string[] = []
  let cut: { method: string; target: RegExp } | null = null

  const server = createServer((incoming, outgoing) => {
    const { method = '', url: path = '', headers } = incoming
    requests.push(`${method} ${path}`)
    const isCut = cut !== null && cut.method === method && cut.target.test(path)
    if (isCut) cut = null
    const options = { host: upstream.hostname, port: upstream.port, method, path, headers }
    const forwarded = request(options, (response) => {
      if (isCut) return response.resume().on('end', () => incoming.socket.destroy())
      outgoing.writeHead(response.statusCode ?? 502, response.headers)
      return response.pipe(outgoing)
    })
    forwarded.on('error', () => incoming.socket.destroy())
    incoming.pipe(forwarded)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    cutNext: (method, target) => {
      cut = { method, target }
    },
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
