import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Proxy in front of the service that records changes, and returns values of a later version under `/later`. */
export interface RecordingProxy {
  url: string
  /** Bodies of PATCH requests by path. */
  patches: Readonly<Record<string, unknown>>
  close(): Promise<void>
}

/** New values of extensible lists and a new field, as a later version may return them. */
export const laterValues = { statusReason: 'tidal_lock', actions: ['rewind'], orbit: { period: 7 } }

const notForwarded =
  /^(host|connection|content-length|content-encoding|transfer-encoding|expect|upgrade|http2-settings|keep-alive)$/

export async function startRecordingProxy(target: string): Promise<RecordingProxy> {
  const patches: Record<string, unknown> = {}
  const server = createServer((request, response) => {
    forward(request, response).catch((error: Error) => response.destroy(error))
  })

  async function forward(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Uint8Array[] = []
    for await (const chunk of request) chunks.push(chunk)
    const body = Buffer.concat(chunks)
    const { method = 'GET', url = '/' } = request
    const isLater = url.startsWith('/later/')
    const path = isLater ? url.slice('/later'.length) : url
    if (method === 'PATCH') patches[path] = JSON.parse(body.toString())
    const headers = Object.entries(request.headers).flatMap(([name, value]): [string, string][] =>
      notForwarded.test(name) || value === undefined ? [] : [[name, String(value)]],
    )
    const upstream = await fetch(target + path, { method, headers, ...(body.length > 0 && { body }) })
    const text = await upstream.text()
    const returned = [...upstream.headers].filter(([name]) => !notForwarded.test(name))
    response.writeHead(upstream.status, Object.fromEntries(returned))
    response.end(isLater ? JSON.stringify({ ...JSON.parse(text), ...laterValues }) : text)
  }

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    patches,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
