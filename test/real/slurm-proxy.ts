import { createServer, request as plainRequest } from 'node:http'
import { request as tlsRequest } from 'node:https'
import type { AddressInfo } from 'node:net'

/** A reverse proxy that can lose answers. */
export interface CuttingProxy {
  url: string
  /** Lets the next request of this method through, and closes the connection in place of its answer. */
  cutNext(method: string): void
  /** How many answers it has cut off. */
  readonly cut: number
  close(): Promise<void>
}

/** `ca` are the certificates that a target with https is trusted by. */
export async function startCuttingProxy(target: string, ca = ''): Promise<CuttingProxy> {
  const { hostname, port, protocol } = new URL(target)
  const request = protocol === 'https:' ? tlsRequest : plainRequest
  let toCut: string | null = null
  let cut = 0
  const server = createServer((incoming, outgoing) => {
    const { method, url: path, headers } = incoming
    const isCut = method === toCut
    if (isCut) toCut = null
    const forwarded = request({ hostname, port, method, path, headers, ...(ca === '' ? {} : { ca }) }, (answer) => {
      if (!isCut) {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(outgoing)
        return
      }
      // Only when the server has said all is it certain that the request was carried out.
      answer.resume().once('end', () => {
        cut += 1
        outgoing.socket?.destroy()
      })
    })
    forwarded.once('error', () => outgoing.socket?.destroy())
    incoming.pipe(forwarded)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cutNext: (method) => {
      toCut = method
    },
    get cut() {
      return cut
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
