import type { EventEmitter } from 'node:events'
import type { Duplex } from 'node:stream'
import { Client, type ClientConfig } from 'pg'
import { readConnecting } from './connecting.ts'

/** A client class that connects with the options of a URL. */
export function clientOf(url: string): new (config?: ClientConfig) => Client {
  const { channelBinding, connectTimeoutMs } = readConnecting(url)
  return class extends Client {
    constructor(config: ClientConfig = {}) {
      super({
        ...config,
        enableChannelBinding: channelBinding !== 'disable',
        ...(connectTimeoutMs === undefined ? {} : { connectionTimeoutMillis: connectTimeoutMs }),
      })
      if (channelBinding === 'require') requireBinding(this)
    }
  }
}

const unbound = () =>
  Object.assign(new Error('channel_binding=require, and the server offers no channel binding'), {
    code: 'NO_CHANNEL_BINDING',
  })

/** `pg` uses channel binding if the server offers it. Otherwise the connection is closed before a password is sent. */
function requireBinding(client: Client): void {
  const { connection } = client as Client & { connection?: EventEmitter & { stream: Duplex } }
  if (connection === undefined) throw new Error('this version of pg does not show its connection')
  let isBound = false
  const reject = () => {
    if (!isBound) connection.stream.destroy(unbound())
  }
  // Registered before the client's own listeners, which it adds when it connects.
  connection.on('authenticationSASL', ({ mechanisms }: { mechanisms: readonly string[] }) => {
    isBound = mechanisms.includes('SCRAM-SHA-256-PLUS')
    reject()
  })
  for (const event of ['authenticationOk', 'authenticationMD5Password', 'authenticationCleartextPassword'])
    connection.on(event, reject)
}
