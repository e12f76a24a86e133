import { once } from 'node:events'
import { createServer, request as forward } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface PrefixProxy {
  url: string
  stop(): Promise<void>
}

/** Reverse proxy that serves an upstream below a path prefix. Returns 400 for requests that match `fails`. */
export async function startPrefixProxy(
  upstream: string,
  prefix: string,
  fails: (method: string, path: string) => boolean = () => false,
): Promise<PrefixProxy> {
  const server = createServer((request, response) => {
    const path = request.url ?? '/'
    if (!path.startsWith(`${prefix}/`)) return void response.writeHead(404).end()
    const { method = 'GET', headers } = request
    if (fails(method, path)) return void response.writeHead(400).end()
    const upstreamRequest = forward(
      new URL(path.slice(prefix.length), upstream),
      { method, headers },
      (upstreamResponse) => {
        response.writeHead(upstreamResponse.statusCode ?? 502, upstreamResponse.headers)
        upstreamResponse.pipe(response)
      },
    )
    upstreamRequest.on('error', () => response.destroy())
    response.on('close', () => upstreamRequest.destroy())
    request.pipe(upstreamRequest)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${prefix}`,
    async stop() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
