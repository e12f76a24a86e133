import { describe, expect, it } from 'vitest'
import { jobKind } from '../../../src/jobs/job.kind.ts'
import type { Driver } from '../../../src/providers/driver.ts'
import type { AttemptResult } from '../../../src/workloads/apply/outcome.ts'
import { transition, waiting } from '../../../src/workloads/apply/transition.ts'
import { makeWritesRepository, type Write, type Written } from '../../../src/workloads/apply/writes.repository.ts'
import { makeAttemptsRepository, type NewAttempt } from '../../../src/workloads/engine/attempts.repository.ts'
import { factsOf } from '../../../src/workloads/engine/facts.ts'
import { type Claimed, makeLeasesRepository } from '../../../src/workloads/engine/leases.repository.ts'
import type { Change } from '../../../src/workloads/kind.ts'
import { type AsRead, makeSweepsRepository } from '../../../src/workloads/sweep/sweeps.repository.ts'
import { useApiBench } from '../../support/api-bench.ts'
import { quickSettings } from '../../support/switchyard.ts'

// Runs the steps of a reconcile pass individually, with concurrent changes between them. No worker runs.

const bench = await useApiBench()
const { open } = bench

/** The parts of a driver that a decision needs. */
const idleDriver = {
  traits: { listConsistencyLagMs: 0, maxProcessingMs: 0, uniqueNames: false, enforces: [] },
  states: {},
  controls: {},
} as unknown as Driver<'job'>

const slurm = (): string => bench.connections.slurm ?? ''

async function submit(): Promise<string> {
  const request = { connectionId: bench.connections.slurm, name: 'raced', script: '#!/bin/sh\ntrue\n' }
  return (await bench.api.ok('POST', '/jobs', request)).id
}

interface Pass {
  claimed: Claimed<'job'>
  /** The current facts. */
  facts(): Promise<ReturnType<typeof factsOf<'job'>>>
}

async function claim(id: string, leaseMs = 60_000): Promise<Pass> {
  const leases = makeLeasesRepository(open.sql, leaseMs)
  const due = (await leases.claim([{ connectionId: slurm(), count: 1000 }])) as Claimed<'job'>[]
  const claimed = due.find(({ workload }) => workload.id === id)
  if (claimed === undefined) throw new Error(`${id} is not due or leased`)
  const facts = async () => {
    const known = (await leases.facts([id])).get(id)
    if (known === undefined) throw new Error(`${id} does not exist`)
    return factsOf(known, claimed.workload, idleDriver, quickSettings.pollIntervals)
  }
  return { claimed, facts }
}

async function write(pass: Pass, change: Change<'job'>, result: AttemptResult | null = null): Promise<Written> {
  const { claimed } = pass
  const facts = await pass.facts()
  const transitioned = transition(
    jobKind,
    claimed.workload,
    { change, attemptResult: result },
    { facts, basis: claimed },
  )
  const [written] = await makeWritesRepository(open.sql).write([transitioned as unknown as Write])
  if (written === undefined) throw new Error('a write has an outcome')
  return written
}

function openAttempt({ claimed: { workload, leaseId } }: Pass, more: Partial<NewAttempt> = {}) {
  const opening: NewAttempt = {
    ...{
      workloadId: workload.id,
      projectId: workload.projectId,
      leaseId,
      version: workload.version,
      from: 'queued',
      to: 'dispatching',
    },
    ...{
      correlationTag: workload.correlationTag,
      scope: {},
      before: null,
      exclusivityKey: null,
      sendWithinMs: 0,
      settleMs: 0,
    },
    event: { id: `evt_${workload.id}_${Math.random()}`, type: 'job.dispatching', data: { status: 'dispatching' } },
    ...more,
  }
  return makeAttemptsRepository(open.sql, 60_000).open([opening])
}

/** The pass after `openAttempt`. */
const sent = (pass: Pass): Pass => ({
  ...pass,
  claimed: { ...pass.claimed, workload: { ...pass.claimed.workload, status: 'dispatching' } },
})
const created = (number: number, remoteId: string): AttemptResult => ({
  number,
  outcome: 'created',
  remoteId,
  error: null,
})
const notCreated = (number: number): AttemptResult => ({ number, outcome: 'not_created', remoteId: null, error: null })
const expireLease = (id: string) =>
  open.prisma
    .$executeRaw`UPDATE workloads SET lease_until = now() - interval '1 s', due_at = now() - interval '1 s' WHERE id = ${id}`

describe('lifted hold', () => {
  it('makes a concurrently stored wait due', async () => {
    const hold = (held: boolean) => bench.api.ok('PATCH', `/connections/${bench.connections.slurm}`, { held })
    await hold(true)
    const pass = await claim(await submit())
    const facts = await pass.facts()
    await hold(false)
    const step = jobKind.nextStep(pass.claimed.workload, facts)
    expect(step).toMatchObject({ do: 'wait', reason: 'held' })
    if (step.do !== 'wait') return
    expect(await write(pass, waiting(step, pass.claimed.workload))).toMatchObject({ isWritten: true, isDue: true })
  })
})

describe('requested action', () => {
  it('is not lost to a late write after lease expiry', async () => {
    const id = await submit()
    const pass = await claim(id)
    await expireLease(id)
    await bench.api.ok('POST', `/jobs/${id}/cancel`)
    expect(await write(pass, { dueAt: null })).toMatchObject({ isWritten: true, isDue: true })
  })

  it('prevents an uncommitted attempt', async () => {
    const id = await submit()
    const pass = await claim(id)
    await bench.api.ok('POST', `/jobs/${id}/cancel`)
    expect(await openAttempt(pass)).toEqual([null])
  })
})

describe('claim of due workloads', () => {
  const leases = () => makeLeasesRepository(open.sql, 60_000)
  const ids = (claims: readonly Claimed[]) => claims.map(({ workload }) => workload.id)
  const clearDue = () =>
    open.prisma.$executeRaw`UPDATE workloads SET due_at = NULL, lease_id = NULL, lease_until = NULL`

  const share = (count: number) => [{ connectionId: slurm(), count }]

  it('takes the requested number per connection, longest due first', async () => {
    await clearDue()
    const [first] = await Promise.all(Array.from({ length: 6 }, submit))
    await open.prisma.$executeRaw`UPDATE workloads SET due_at = now() - interval '1 h' WHERE id = ${first}`
    expect(await leases().dueConnections()).toEqual([expect.objectContaining({ connectionId: slurm() })])
    const claimed = ids(await leases().claim(share(2)))
    expect(claimed).toHaveLength(2)
    expect(claimed).toContain(first)
    expect(ids(await leases().claim(share(20)))).toHaveLength(4)
    expect(await leases().dueConnections()).toEqual([])
  })

  it('takes workloads with a requested action first', async () => {
    await clearDue()
    const waiting = await Promise.all(Array.from({ length: 5 }, submit))
    const canceled = waiting[3] ?? ''
    await bench.api.ok('POST', `/jobs/${canceled}/cancel`)
    expect(ids(await leases().claim(share(1)))).toEqual([canceled])
    expect(ids(await leases().claim(share(10)))).toHaveLength(4)
  })

  it('renews a lease without delaying a requested action', async () => {
    await clearDue()
    const id = await submit()
    const [claimed] = await makeLeasesRepository(open.sql, 2000).claim(share(1))
    if (claimed === undefined) throw new Error('nothing is due')
    await leases().renew([claimed])
    const read = () => open.prisma.workloadRow.findUniqueOrThrow({ where: { id } })
    const renewed = await read()
    expect(renewed.leaseUntil?.getTime()).toBeGreaterThan(claimed.workload.createdAt.getTime() + 30_000)
    expect(renewed.dueAt).toEqual(renewed.leaseUntil)
    await bench.api.ok('POST', `/jobs/${id}/cancel`)
    await makeLeasesRepository(open.sql, 600_000).renew([claimed])
    const asked = await read()
    expect(asked.leaseUntil?.getTime()).toBeGreaterThan(renewed.leaseUntil?.getTime() ?? 0)
    expect(asked.dueAt?.getTime()).toBeLessThan(renewed.leaseUntil?.getTime() ?? 0)
  })
})

describe('attempt', () => {
  it('is not opened twice after an unacknowledged commit', async () => {
    const id = await submit()
    const pass = await claim(id)
    const [[first], [second]] = [await openAttempt(pass), await openAttempt(pass)]
    expect([first?.number, second]).toEqual([1, null])
  })

  it('renews the lease to outlast the call', async () => {
    const id = await submit()
    await openAttempt(await claim(id, 1000))
    const [row] = await open.prisma.$queryRaw<{ ms: number }[]>`
      SELECT (extract(epoch FROM lease_until - now()) * 1000)::int AS ms FROM workloads WHERE id = ${id}`
    expect(row?.ms).toBeGreaterThan(30_000)
  })
})

describe('observation', () => {
  it('does not overwrite a reconcile pass that ran after its row was read', async () => {
    const id = await submit()
    await open.prisma
      .$executeRaw`UPDATE workloads SET status = 'running', remote_id = ${id}, due_at = now() WHERE id = ${id}`
    const sweeps = makeSweepsRepository(open.sql, 60_000)
    const { version } = await bench.api.ok('GET', `/jobs/${id}`)
    const watched = {
      id,
      remoteId: id,
      correlationTag: 'x',
      remoteIdentity: null,
      imported: false,
      version: Number(version),
    }
    const read = async () => {
      const [one] = await sweeps.unchanged([{ ...watched, dispatchedAt: null, observedAt: null, missingSince: null }])
      if (one === undefined) throw new Error('the row is leased')
      return one as AsRead<'job'>
    }
    const observe = async ({ workload, row }: AsRead<'job'>, pass: Pass) => {
      const change: Change<'job'> = { rawState: 'RUNNING', dueAt: null }
      const seen = transition(
        jobKind,
        workload,
        { change, attemptResult: null },
        { facts: await pass.facts(), basis: { row } },
      )
      return (await makeWritesRepository(open.sql).write([seen as unknown as Write]))[0]
    }
    const before = await read()
    const pass = await claim(id)
    await write(pass, { failures: 3, dueAt: null })
    expect(await observe(before, pass)).toMatchObject({ isWritten: false })
    expect(await observe(await read(), pass)).toMatchObject({ isWritten: true })
  })
})

describe('create within its processing time', () => {
  it('cannot be resolved as not created, only by remote id', async () => {
    const id = await submit()
    await openAttempt(await claim(id), { settleMs: 60_000 })
    await expireLease(id)
    const resolve = (body: object) => bench.api.call('POST', `/jobs/${id}/resolve`, { body })
    expect(await resolve({ outcome: 'not_created' })).toMatchObject({ status: 409, body: { code: 'conflict' } })
    expect(await resolve({ remoteId: '4713' })).toMatchObject({ status: 202 })
  })
})

describe('create response after a lease takeover', () => {
  it('is adopted although a recovery found nothing', async () => {
    const id = await submit()
    const slow = sent(await claim(id))
    await openAttempt(slow)
    await expireLease(id)
    const searching = sent(await claim(id))
    expect(await write(slow, { status: 'pending' }, created(1, '4711'))).toMatchObject({ isWritten: false })
    expect(await write(searching, { status: 'queued' }, notCreated(1))).toMatchObject({ isWritten: false })
    const { facts } = searching
    expect(jobKind.nextStep(searching.claimed.workload, await facts())).toMatchObject({
      do: 'settle',
      change: { status: 'pending', remoteId: '4711' },
    })
  })

  it('is adopted although a second attempt was about to be sent', async () => {
    const id = await submit()
    const slow = sent(await claim(id))
    await openAttempt(slow)
    await expireLease(id)
    await write(sent(await claim(id)), { status: 'queued' }, notCreated(1))
    const nextPass = await claim(id)
    expect(await write(slow, { status: 'pending' }, created(1, '4712'))).toMatchObject({ isDuplicate: false })
    expect(await openAttempt(nextPass)).toEqual([null])
    const { facts } = nextPass
    expect(jobKind.nextStep(nextPass.claimed.workload, await facts())).toMatchObject({
      change: { status: 'dispatching' },
    })
  })

  it('is recorded as a duplicate if it names a second object', async () => {
    const id = await submit()
    const slow = sent(await claim(id))
    await openAttempt(slow)
    await expireLease(id)
    await write(sent(await claim(id)), { status: 'queued' }, notCreated(1))
    const second = sent(await claim(id))
    await openAttempt(second)
    await write(second, { status: 'pending', remoteId: '1' }, created(2, '1'))
    expect(await write(slow, { status: 'pending' }, created(1, '2'))).toMatchObject({
      isWritten: false,
      isDuplicate: true,
    })
    const { data } = (await bench.api.ok('GET', `/jobs/${id}/attempts`)) as unknown as { data: { remoteId: string }[] }
    expect(data.map(({ remoteId }) => remoteId)).toEqual(['2', '1'])
  })
})
