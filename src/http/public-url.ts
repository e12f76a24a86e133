import type { HttpServer } from './http-server.ts'

/** `Location` leads where clients reach the service, which may be under a prefix that a proxy takes away. */
export function locatePublicly(server: HttpServer, publicUrl: string): void {
  if (publicUrl === '') return
  server.addHook('onSend', async (_request, reply) => {
    const location = reply.getHeader('location')
    if (typeof location === 'string' && location.startsWith('/')) void reply.header('location', publicUrl + location)
  })
}
