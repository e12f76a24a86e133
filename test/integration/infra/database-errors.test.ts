import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Database, type DatabaseOptions, makeDatabase } from '../../../src/infra/database.ts'
import { isTransientError } from '../../../src/infra/database-errors.ts'
import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.ts'
import { useTestDatabase } from '../../support/test-database.ts'

let wire: TcpProxy
let url: string

const database = await useTestDatabase()

beforeAll(async () => {
  const { hostname, port } = new URL(database.url)
  wire = await startTcpProxy({ host: hostname, port: Number(port) })
  url = Object.assign(new URL(database.url), { hostname: '127.0.0.1', port: String(wire.port) }).href
})

afterAll(async () => {
  await wire?.close()
})

async function withDatabase<T>(use: (database: Database) => Promise<T>, more: Partial<DatabaseOptions> = {}) {
  const open = makeDatabase({ url, poolSize: 1, acquireTimeoutMs: 1500, ...more })
  try {
    return await use(open)
  } finally {
    wire.mend()
    await open.close()
  }
}

const failureOf = (call: Promise<unknown>) =>
  call.then(
    () => expect.fail('it succeeded'),
    (error: unknown) => error,
  )

async function whileAllAreTaken(pool: Database['pool'], call: () => Promise<unknown>): Promise<unknown> {
  const taken = await pool.connect()
  const failure = await failureOf(call())
  taken.release()
  return failure
}

/** The driver says all of these in words alone, but for the last two. */
it.each<[string, (database: Database) => Promise<unknown>, Partial<DatabaseOptions>?]>([
  ['no connection is free in time', ({ prisma, pool }) => whileAllAreTaken(pool, () => prisma.$queryRaw`SELECT 1`)],
  [
    'none is free for a transaction',
    ({ prisma, pool }) => whileAllAreTaken(pool, () => prisma.$transaction((tx) => tx.$queryRaw`SELECT 1`)),
  ],
  [
    'the wire is cut during a statement',
    async ({ prisma, pool }) => {
      await prisma.$queryRaw`SELECT 1`
      const failure = failureOf(prisma.$queryRaw`SELECT 1 FROM pg_sleep(5)`)
      await expect.poll(() => pool.idleCount).toBe(0)
      wire.cut()
      return failure
    },
  ],
  [
    'the wire is cut within a transaction',
    ({ prisma, pool }) =>
      failureOf(
        prisma.$transaction(async (tx) => {
          await tx.$queryRaw`SELECT 1`
          wire.cut()
          await expect.poll(() => pool.totalCount).toBe(1)
          await tx.$queryRaw`SELECT 2`
        }),
      ),
  ],
  [
    'whoever answers hangs up',
    ({ prisma }) => {
      wire.cut()
      return failureOf(prisma.$queryRaw`SELECT 1`)
    },
  ],
  [
    'nobody answers',
    ({ prisma }) => {
      wire.freeze()
      return failureOf(prisma.$queryRaw`SELECT 1`)
    },
  ],
  ['nobody listens', ({ prisma }) => failureOf(prisma.$queryRaw`SELECT 1`), { url: 'postgres://a:b@127.0.0.1:1/c' }],
  [
    'an operator ends the session',
    ({ prisma }) => failureOf(prisma.$queryRaw`SELECT pg_terminate_backend(pg_backend_pid())`),
  ],
])('is told by class and code: %s', async (_, fail, more) => {
  const error = await withDatabase(fail, more)
  expect(isTransientError(error), String(error)).toBe(true)
})

it('does not take a mistake for an outage, whatever its words', async () => {
  const mistakes = await withDatabase(
    async ({ prisma }) => [
      await failureOf(prisma.$queryRaw`SELECT ${'EPIPE'}::int`),
      await failureOf(prisma.$queryRaw`SELECT 'ECONNRESET'::connection_terminated`),
      await failureOf(prisma.$transaction(() => Promise.reject(new Error('Connection terminated unexpectedly')))),
    ],
    { acquireTimeoutMs: 10_000 },
  )
  expect(mistakes.map((error) => isTransientError(error))).toEqual([false, false, false])
})
