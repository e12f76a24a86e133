import { expect, it } from 'vitest'
import { readConnecting } from '../../../src/infra/connecting.ts'

const at = 'postgresql://alice@db.example/switchyard'

it.each([
  ['', { channelBinding: 'disable', isPooled: false }],
  ['?sslmode=require&channel_binding=require', { channelBinding: 'require', isPooled: false }],
  ['?pgbouncer=false&connect_timeout=15', { channelBinding: 'disable', isPooled: false, connectTimeoutMs: 15_000 }],
  [
    '?pgbouncer=true&connection_limit=5&pool_timeout=20',
    { channelBinding: 'disable', isPooled: true, maxConnections: 5, poolTimeoutMs: 20_000 },
  ],
])('reads the connection options of %j', (parameters, expected) => {
  expect(readConnecting(at + parameters)).toEqual(expected)
})
