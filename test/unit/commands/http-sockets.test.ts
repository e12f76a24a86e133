import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { watchSockets } from '../../../src/commands/http-sockets.ts'

it('survives a connection reset during shutdown and responds to other clients', async () => {
  const server = createServer((_request, response) => response.end('response body'))
  const sockets = watchSockets(server)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  const open = async (sent: string) => {
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    socket.write(sent)
    return socket
  }
  const closed = sockets.close()
  const [waiting, aborted] = await Promise.all([open('GET / HTTP/1.1\r\nHost: a\r\n\r\n'), open('GET / HTTP/1.1\r\n')])
  await sleep(1)
  aborted.resetAndDestroy()
  const [received] = await once(waiting.setEncoding('utf8'), 'data')
  expect(received).toContain('response body')
  await closed
})
