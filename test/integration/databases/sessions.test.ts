import { PrismaPg } from '@prisma/adapter-pg'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { makeChangeNotifier } from '../../../src/events/change-notifier.ts'
import { PrismaClient } from '../../../src/generated/prisma/client.ts'
import { type Database, makeDatabase } from '../../../src/infra/database.ts'
import { isTransientError, sqlStateOf } from '../../../src/infra/database-errors.ts'
import { makeSessions, type Pooling, settingsOf, transactionSettings } from '../../../src/infra/sessions.ts'
import { makeZonedAdapter } from '../../../src/infra/zoned-adapter.ts'
import { describeWithPgbouncer, type Pgbouncer, startPgbouncer } from '../../support/pgbouncer.ts'
import { startTcpProxy } from '../../support/tcp-proxy.ts'
import { useTestDatabase } from '../../support/test-database.ts'

const database = await useTestDatabase()

describe('a time', () => {
  it.each(['Asia/Seoul', 'Asia/Kolkata', 'America/St_Johns', 'UTC'])(
    'means the same in a session in %s: sent, compared and read',
    async (TimeZone) => {
      const options = { url: database.url, pooling: 'none' as const, max: 1, applicationName: 'zones' }
      const pool = makeSessions({ ...options, settings: { TimeZone } })
      const prisma = new PrismaClient({ adapter: makeZonedAdapter(new PrismaPg(pool), null) })
      const at = new Date('2026-07-01T12:34:56.789Z')
      const [row] = await prisma.$queryRaw<object[]>`
        SELECT ${at}::timestamptz AS back, EXTRACT(epoch FROM ${at}::timestamptz)::float8 AS epoch, 'infinity'::timestamptz IS NULL AS none`
      expect(row).toEqual({ back: at, epoch: at.getTime() / 1000, none: false })
      const name = `zone-${TimeZone}`
      await prisma.projectRow.create({ data: { id: name, name, createdAt: at } })
      expect(await prisma.projectRow.findFirst({ where: { createdAt: at, name } })).toMatchObject({ createdAt: at })
      expect(await prisma.projectRow.count({ where: { name, createdAt: { lt: new Date(at.getTime() + 1) } } })).toBe(1)
      await prisma.$disconnect()
      await pool.end()
    },
  )
})

const shown = `SELECT current_setting('TimeZone') AS zone, current_setting('transaction_isolation') AS isolation,
  current_setting('statement_timeout') AS statement, current_setting('lock_timeout') AS lock, current_setting('work_mem') AS memory`
const expected = { zone: 'UTC', isolation: 'read committed', statement: '7s', lock: '10s', memory: '8MB' }
const parameters = '?options=-c%20work_mem%3D8MB%20-c%20TimeZone%3DAsia/Seoul&statement_timeout=7000'

async function expectSettings(made: Database): Promise<void> {
  expect((await made.pool.query(shown)).rows).toEqual([expected])
  expect(await made.prisma.$queryRawUnsafe(shown)).toEqual([expected])
  expect(await made.prisma.$transaction((tx) => tx.$queryRawUnsafe(shown))).toEqual([expected])
  expect(
    await made.prisma.$transaction((tx) => tx.$queryRawUnsafe(shown), { isolationLevel: 'ReadCommitted' }),
  ).toEqual([expected])
}

describe('settings', () => {
  it('of the URL and of our own hold in statements and in transactions', async () => {
    const made = makeDatabase({ url: database.url + parameters, poolSize: 2 })
    await expectSettings(made)
    await made.close()
  })
})

describeWithPgbouncer('through PgBouncer', () => {
  const pgbouncers: Partial<Record<Pooling, Pgbouncer>> = {}

  beforeAll(async () => {
    const settings = { ignore_startup_parameters: 'options', default_pool_size: '2' }
    pgbouncers.session = await startPgbouncer('session', settings)
    pgbouncers.transaction = await startPgbouncer('transaction', settings)
  })

  afterAll(() => Promise.all(Object.values(pgbouncers).map((pgbouncer) => pgbouncer.stop())))

  const open = (pooling: Pooling, poolSize = 2): Database =>
    makeDatabase({ url: `${pgbouncers[pooling]?.through(database.url)}${parameters}`, pooling, poolSize })

  it.each(['session', 'transaction'] as const)('settings hold in %s mode', async (pooling) => {
    const made = open(pooling)
    await expectSettings(made)
    await made.close()
  })

  it('in transaction mode named statements of many clients work, and a failed one leaves its connection usable', async () => {
    const made = open('transaction', 8)
    const ask = (value: number) => made.pool.query({ name: 'same', text: 'SELECT $1::int AS value', values: [value] })
    const answers = await Promise.all(Array.from({ length: 40 }, (_, value) => ask(value)))
    expect(answers.map(({ rows }) => rows[0].value)).toEqual(answers.map((_, value) => value))
    await expect(made.pool.query('SELECT 1 / 0')).rejects.toMatchObject({ code: '22012' })
    expect((await made.pool.query(shown)).rows).toEqual([expected])
    await made.close()
  })

  it('what it says of a server that is away is an outage', async () => {
    const { hostname, port } = new URL(database.url)
    const wire = await startTcpProxy({ host: hostname, port: Number(port) })
    const impatient = { query_wait_timeout: '1', server_login_retry: '1' }
    const pgbouncer = await startPgbouncer('transaction', impatient, { port: String(wire.port) })
    const made = makeDatabase({ url: pgbouncer.through(database.url), pooling: 'transaction', poolSize: 2 })
    onTestFinished(async () => {
      await made.close()
      await pgbouncer.stop()
      await wire.close()
    })
    await made.prisma.$queryRaw`SELECT 1`
    wire.cut()
    for (let tries = 0; tries < 2; tries += 1) {
      const error = await made.prisma.$queryRaw`SELECT 1`.catch((cause: unknown) => cause)
      expect([sqlStateOf(error), isTransientError(error)]).toEqual(['08P01', true])
    }
    wire.mend()
    await vi.waitUntil(() => made.prisma.$queryRaw`SELECT 1`.catch(() => false), { timeout: 30_000 })
  })

  it('in transaction mode nothing that is set stays behind for whoever comes next', async () => {
    const made = open('transaction', 1)
    await made.pool.query(shown)
    const other = makeSessions({
      ...{
        url: pgbouncers.transaction?.through(database.url) ?? '',
        pooling: 'none',
        max: 1,
        applicationName: 'other',
      },
    })
    const { rows } = await other.query(
      "SELECT current_setting('work_mem') AS memory, current_setting('lock_timeout') AS lock",
    )
    expect(rows).toEqual([{ memory: '4MB', lock: '0' }])
    await Promise.all([other.end(), made.close()])
  })
})

describe('without a session to listen in', () => {
  it('what this process changes is heard at once, and everything else by looking again', async () => {
    const notified: string[] = []
    const wake = makeChangeNotifier({
      installationTag: 'abc',
      notify: async (...told) => void notified.push(told.join(' ')),
      connect: null,
      log: { warn: () => {} },
    })
    await wake.start()
    const never = new AbortController()
    const mine = wake.wait('job_1', 60_000, never.signal)
    wake.changed(['job_1'])
    expect(await mine).toBe(true)
    expect(notified).toEqual(['switchyard_changed_abc job_1'])
    expect(await wake.wait('job_2', 60_000, never.signal)).toBe(true)
    await wake.close()
  })
})

it('names the isolation before anything else', () => {
  const { settings } = settingsOf({ url: 'postgresql://db.example/x?schema=it%27s' })
  const text = transactionSettings(settings)
  expect(text).toMatch(/^SET TRANSACTION ISOLATION LEVEL READ COMMITTED; SELECT set_config\(/)
  expect(text).toContain(`set_config('search_path', '"it''s"', true)`)
})
