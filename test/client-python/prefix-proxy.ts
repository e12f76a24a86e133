import { once } from 'node:events'
import { createServer, request as forward } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface PrefixProxy {
  url: string
  stop(): Promise<void>
}

/** A reverse proxy that serves an upstream below a path, and nothing elsewhere. Requests that `fails` accepts get a 400. */
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
    const sent = forward(new URL(path.slice(prefix.length), upstream), { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    sent.on('error', () => response.destroy())
    response.on('close', () => sent.destroy())
    request.pipe(sent)
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
