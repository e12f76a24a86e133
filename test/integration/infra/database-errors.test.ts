import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Database, type DatabaseOptions, makeDatabase } from '../../../src/infra/database.ts'
import { isTransientError } from '../../../src/infra/database-errors.ts'
import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.ts'
import { useTestDatabase } from '../../support/test-database.ts'

let proxy: TcpProxy
let url: string

const database = await useTestDatabase()

beforeAll(async () => {
  const { hostname, port } = new URL(database.url)
  proxy = await startTcpProxy({ host: hostname, port: Number(port) })
  url = Object.assign(new URL(database.url), { hostname: '127.0.0.1', port: String(proxy.port) }).href
})

afterAll(async () => {
  await proxy?.close()
})

async function withDatabase<T>(use: (database: Database) => Promise<T>, more: Partial<DatabaseOptions> = {}) {
  const open = makeDatabase({ url, poolSize: 1, acquireTimeoutMs: 1500, ...more })
  try {
    return await use(open)
  } finally {
    proxy.mend()
    await open.close()
  }
}

const failureOf = (call: Promise<unknown>) =>
  call.then(
    () => expect.fail('the call succeeded'),
    (error: unknown) => error,
  )

async function whilePoolExhausted(pool: Database['pool'], call: () => Promise<unknown>): Promise<unknown> {
  const client = await pool.connect()
  const failure = await failureOf(call())
  client.release()
  return failure
}

/** The driver reports all but the last two only by message. */
it.each<[string, (database: Database) => Promise<unknown>, Partial<DatabaseOptions>?]>([
  ['an exhausted pool', ({ prisma, pool }) => whilePoolExhausted(pool, () => prisma.$queryRaw`SELECT 1`)],
  [
    'an exhausted pool for a transaction',
    ({ prisma, pool }) => whilePoolExhausted(pool, () => prisma.$transaction((tx) => tx.$queryRaw`SELECT 1`)),
  ],
  [
    'a connection cut during a statement',
    async ({ prisma, pool }) => {
      await prisma.$queryRaw`SELECT 1`
      const failure = failureOf(prisma.$queryRaw`SELECT 1 FROM pg_sleep(5)`)
      await expect.poll(() => pool.idleCount).toBe(0)
      proxy.cut()
      return failure
    },
  ],
  [
    'a connection cut within a transaction',
    ({ prisma, pool }) =>
      failureOf(
        prisma.$transaction(async (tx) => {
          await tx.$queryRaw`SELECT 1`
          proxy.cut()
          await expect.poll(() => pool.totalCount).toBe(1)
          await tx.$queryRaw`SELECT 2`
        }),
      ),
  ],
  [
    'a connection closed by the server',
    ({ prisma }) => {
      proxy.cut()
      return failureOf(prisma.$queryRaw`SELECT 1`)
    },
  ],
  [
    'a server that does not respond',
    ({ prisma }) => {
      proxy.freeze()
      return failureOf(prisma.$queryRaw`SELECT 1`)
    },
  ],
  [
    'a refused connection',
    ({ prisma }) => failureOf(prisma.$queryRaw`SELECT 1`),
    { url: 'postgres://a:b@127.0.0.1:1/c' },
  ],
  [
    'a session terminated by an administrator',
    ({ prisma }) => failureOf(prisma.$queryRaw`SELECT pg_terminate_backend(pg_backend_pid())`),
  ],
])('isTransientError accepts %s', async (_, fail, more) => {
  const error = await withDatabase(fail, more)
  expect(isTransientError(error), String(error)).toBe(true)
})

it('isTransientError rejects query and callback errors regardless of their message', async () => {
  const errors = await withDatabase(
    async ({ prisma }) => [
      await failureOf(prisma.$queryRaw`SELECT ${'EPIPE'}::int`),
      await failureOf(prisma.$queryRaw`SELECT 'ECONNRESET'::connection_terminated`),
      await failureOf(prisma.$transaction(() => Promise.reject(new Error('Connection terminated unexpectedly')))),
    ],
    { acquireTimeoutMs: 10_000 },
  )
  expect(errors.map((error) => isTransientError(error))).toEqual([false, false, false])
})
