import type { HttpServer } from './http-server.ts'

/** Whether this process is shutting down: it still serves requests, and makes clients reconnect to another instance. */
export interface Draining {
  begin(): void
  isOn(): boolean
}

export function makeDraining(): Draining {
  let isOn = false
  return {
    begin() {
      isOn = true
    },
    isOn: () => isOn,
  }
}

/**
 * Closes the connection after each response while draining. A proxy with keep-alive connections could otherwise send
 * its next request over a closing connection, and it may not repeat a POST.
 */
export function closeWhileDraining(server: HttpServer, draining: Draining): void {
  server.addHook('onSend', async (_request, reply) => {
    if (draining.isOn()) void reply.header('connection', 'close')
  })
}
