import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { rolldown } from 'rolldown'

/** A page with a bundled program as script, served for any host name that resolves to this machine. */
export interface ClientPage {
  port: number
  close(): Promise<void>
}

/** @param program a module in a project with its dependencies; the page exposes its exports as `program` */
export async function servePage(program: string): Promise<ClientPage> {
  const bundle = await rolldown({ input: program, platform: 'browser' })
  const { output } = await bundle.generate({ format: 'iife', name: 'program' })
  await bundle.close()
  const server = createServer(({ url }, response) => {
    const isScript = url === '/program.js'
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html')
    response.end(isScript ? output[0].code : '<!doctype html><title>a</title><script src="/program.js"></script>')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    port,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
