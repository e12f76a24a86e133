import type { HttpServer } from './http-server.ts'

/** Whether this process is about to stop: it still serves requests, and makes clients reconnect to another instance. */
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
 * While draining each answer ends its connection. A proxy that keeps connections would otherwise send its next request over
 * one that is just being closed, and may not repeat a POST.
 */
export function closeWhileDraining(server: HttpServer, draining: Draining): void {
  server.addHook('onSend', async (_request, reply) => {
    if (draining.isOn()) void reply.header('connection', 'close')
  })
}
