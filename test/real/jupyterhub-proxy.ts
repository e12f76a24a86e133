import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A proxy that passes everything on, and can lose an answer after the request was executed. */
export interface CuttingProxy {
  readonly url: string
  /** `POST /hub/api/users/ada/servers/x`, in the order in which they came. */
  readonly requests: readonly string[]
  /** Cuts off the answer to the next request that fits. */
  cutNext(method: string, target: RegExp): void
  close(): Promise<void>
}

export async function startCuttingProxy(behindUrl: string): Promise<CuttingProxy> {
  const behind = new URL(behindUrl)
  const requests: string[] = []
  let cut: { method: string; target: RegExp } | null = null

  const server = createServer((incoming, outgoing) => {
    const { method = '', url: path = '', headers } = incoming
    requests.push(`${method} ${path}`)
    const isCut = cut !== null && cut.method === method && cut.target.test(path)
    if (isCut) cut = null
    const options = { host: behind.hostname, port: behind.port, method, path, headers }
    const onward = request(options, (answer) => {
      if (isCut) return answer.resume().on('end', () => incoming.socket.destroy())
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      return answer.pipe(outgoing)
    })
    onward.on('error', () => incoming.socket.destroy())
    incoming.pipe(onward)
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
