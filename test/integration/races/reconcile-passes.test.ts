import { describe, expect, it } from 'vitest'
import { jobKind } from '../../../src/jobs/job.kind.ts'
import type { Driver } from '../../../src/providers/driver.ts'
import type { AttemptResult } from '../../../src/workloads/apply/outcome.ts'
import { transition, waiting } from '../../../src/workloads/apply/transition.ts'
import { makeWritesRepository, type Write, type Written } from '../../../src/workloads/apply/writes.repository.ts'
import { makeAttemptsRepository, type Opening } from '../../../src/workloads/engine/attempts.repository.ts'
import { factsOf } from '../../../src/workloads/engine/facts.ts'
import { type Claimed, makeLeasesRepository } from '../../../src/workloads/engine/leases.repository.ts'
import type { Change } from '../../../src/workloads/kind.ts'
import { type AsRead, makeSweepsRepository } from '../../../src/workloads/sweep/sweeps.repository.ts'
import { useApiBench } from '../../support/api-bench.ts'
import { quickSettings } from '../../support/switchyard.ts'

// The steps of a turn one by one, with what may happen between them. No worker runs.

const bench = await useApiBench()
const { open } = bench

/** As much of a driver as a decision needs. */
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

interface Turn {
  claimed: Claimed<'job'>
  /** The facts as they are now. */
  facts(): Promise<ReturnType<typeof factsOf<'job'>>>
}

async function claim(id: string, leaseMs = 60_000): Promise<Turn> {
  const leases = makeLeasesRepository(open.sql, leaseMs)
  const due = (await leases.claim([{ connectionId: slurm(), count: 1000 }])) as Claimed<'job'>[]
  const claimed = due.find(({ workload }) => workload.id === id)
  if (claimed === undefined) throw new Error(`${id} is not due, or somebody has it`)
  const facts = async () => {
    const known = (await leases.facts([id])).get(id)
    if (known === undefined) throw new Error(`${id} is not there`)
    return factsOf(known, claimed.workload, idleDriver, quickSettings.pollIntervals)
  }
  return { claimed, facts }
}

async function write(turn: Turn, change: Change<'job'>, answer: AttemptResult | null = null): Promise<Written> {
  const { claimed } = turn
  const facts = await turn.facts()
  const made = transition(jobKind, claimed.workload, { change, answer }, { facts, basis: claimed })
  const [written] = await makeWritesRepository(open.sql).write([made as unknown as Write])
  if (written === undefined) throw new Error('a write has an outcome')
  return written
}

function openAttempt({ claimed: { workload, leaseId } }: Turn, more: Partial<Opening> = {}) {
  const opening: Opening = {
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

/** As after `openAttempt`. */
const sent = (turn: Turn): Turn => ({
  ...turn,
  claimed: { ...turn.claimed, workload: { ...turn.claimed.workload, status: 'dispatching' } },
})
const named = (number: number, remoteId: string): AttemptResult => ({
  number,
  outcome: 'created',
  remoteId,
  error: null,
})
const absent = (number: number): AttemptResult => ({ number, outcome: 'not_created', remoteId: null, error: null })
const giveUp = (id: string) =>
  open.prisma
    .$executeRaw`UPDATE workloads SET lease_until = now() - interval '1 s', due_at = now() - interval '1 s' WHERE id = ${id}`

describe('a hold that is lifted', () => {
  it('while a worker is about to write down that it waits is noticed all the same', async () => {
    const hold = (held: boolean) => bench.api.ok('PATCH', `/connections/${bench.connections.slurm}`, { held })
    await hold(true)
    const turn = await claim(await submit())
    const facts = await turn.facts()
    await hold(false)
    const action = jobKind.nextAction(turn.claimed.workload, facts)
    expect(action).toMatchObject({ do: 'wait', reason: 'held' })
    if (action.do !== 'wait') return
    expect(await write(turn, waiting(action, turn.claimed.workload))).toMatchObject({ isWritten: true, isDue: true })
  })
})

describe('a wish', () => {
  it('that comes when a lease is over, and nobody has taken it over, is not lost to its late write', async () => {
    const id = await submit()
    const turn = await claim(id)
    await giveUp(id)
    await bench.api.ok('POST', `/jobs/${id}/cancel`)
    expect(await write(turn, { dueAt: null })).toMatchObject({ isWritten: true, isDue: true })
  })

  it('that comes before an attempt is committed is heard before anything is sent', async () => {
    const id = await submit()
    const turn = await claim(id)
    await bench.api.ok('POST', `/jobs/${id}/cancel`)
    expect(await openAttempt(turn)).toEqual([null])
  })
})

describe('what is due is claimed', () => {
  const leases = () => makeLeasesRepository(open.sql, 60_000)
  const ids = (claims: readonly Claimed[]) => claims.map(({ workload }) => workload.id)
  const settle = () => open.prisma.$executeRaw`UPDATE workloads SET due_at = NULL, lease_id = NULL, lease_until = NULL`

  const share = (count: number) => [{ connectionId: slurm(), count }]

  it('as much of each connection as is asked for, those first that have been due longest', async () => {
    await settle()
    const [first] = await Promise.all(Array.from({ length: 6 }, submit))
    await open.prisma.$executeRaw`UPDATE workloads SET due_at = now() - interval '1 h' WHERE id = ${first}`
    expect(await leases().dueConnections()).toEqual([expect.objectContaining({ connectionId: slurm() })])
    const claimed = ids(await leases().claim(share(2)))
    expect(claimed).toHaveLength(2)
    expect(claimed).toContain(first)
    expect(ids(await leases().claim(share(20)))).toHaveLength(4)
    expect(await leases().dueConnections()).toEqual([])
  })

  it('with an action that a client requested before the rest', async () => {
    await settle()
    const waiting = await Promise.all(Array.from({ length: 5 }, submit))
    const canceled = waiting[3] ?? ''
    await bench.api.ok('POST', `/jobs/${canceled}/cancel`)
    expect(ids(await leases().claim(share(1)))).toEqual([canceled])
    expect(ids(await leases().claim(share(10)))).toHaveLength(4)
  })

  it('and its lease begins again while it is in work, unless somebody asked for a look', async () => {
    await settle()
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

describe('an attempt', () => {
  it('whose commit was not answered is not made twice', async () => {
    const id = await submit()
    const turn = await claim(id)
    const [[first], [again]] = [await openAttempt(turn), await openAttempt(turn)]
    expect([first?.number, again]).toEqual([1, null])
  })

  it('begins the lease anew, so that it outlasts the call', async () => {
    const id = await submit()
    await openAttempt(await claim(id, 1000))
    const [row] = await open.prisma.$queryRaw<{ ms: number }[]>`
      SELECT (extract(epoch FROM lease_until - now()) * 1000)::int AS ms FROM workloads WHERE id = ${id}`
    expect(row?.ms).toBeGreaterThan(30_000)
  })
})

describe('a sighting', () => {
  it('that was compared with a row before a turn does not undo what the turn noted', async () => {
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
      if (one === undefined) throw new Error('somebody holds it')
      return one as AsRead<'job'>
    }
    const see = async ({ workload, row }: AsRead<'job'>, turn: Turn) => {
      const change: Change<'job'> = { rawState: 'RUNNING', dueAt: null }
      const seen = transition(
        jobKind,
        workload,
        { change, answer: null },
        { facts: await turn.facts(), basis: { row } },
      )
      return (await makeWritesRepository(open.sql).write([seen as unknown as Write]))[0]
    }
    const before = await read()
    const turn = await claim(id)
    await write(turn, { failures: 3, dueAt: null })
    expect(await see(before, turn)).toMatchObject({ isWritten: false })
    expect(await see(await read(), turn)).toMatchObject({ isWritten: true })
  })
})

describe('a create that may still be carried out', () => {
  it('cannot be called not created, only named by its object', async () => {
    const id = await submit()
    await openAttempt(await claim(id), { settleMs: 60_000 })
    await giveUp(id)
    const resolve = (body: object) => bench.api.call('POST', `/jobs/${id}/resolve`, { body })
    expect(await resolve({ outcome: 'not_created' })).toMatchObject({ status: 409, body: { code: 'conflict' } })
    expect(await resolve({ remoteId: '4713' })).toMatchObject({ status: 202 })
  })
})

describe('an answer that comes after the lease was taken over', () => {
  it('is adopted, although a search has just found nothing', async () => {
    const id = await submit()
    const slow = sent(await claim(id))
    await openAttempt(slow)
    await giveUp(id)
    const searching = sent(await claim(id))
    expect(await write(slow, { status: 'pending' }, named(1, '4711'))).toMatchObject({ isWritten: false })
    expect(await write(searching, { status: 'queued' }, absent(1))).toMatchObject({ isWritten: false })
    const { facts } = searching
    expect(jobKind.nextAction(searching.claimed.workload, await facts())).toMatchObject({
      do: 'settle',
      change: { status: 'pending', remoteId: '4711' },
    })
  })

  it('is adopted, although it was about to be sent again', async () => {
    const id = await submit()
    const slow = sent(await claim(id))
    await openAttempt(slow)
    await giveUp(id)
    await write(sent(await claim(id)), { status: 'queued' }, absent(1))
    const again = await claim(id)
    expect(await write(slow, { status: 'pending' }, named(1, '4712'))).toMatchObject({ isDuplicate: false })
    expect(await openAttempt(again)).toEqual([null])
    const { facts } = again
    expect(jobKind.nextAction(again.claimed.workload, await facts())).toMatchObject({
      change: { status: 'dispatching' },
    })
  })

  it('and names a second object is kept, and told', async () => {
    const id = await submit()
    const slow = sent(await claim(id))
    await openAttempt(slow)
    await giveUp(id)
    await write(sent(await claim(id)), { status: 'queued' }, absent(1))
    const second = sent(await claim(id))
    await openAttempt(second)
    await write(second, { status: 'pending', remoteId: '1' }, named(2, '1'))
    expect(await write(slow, { status: 'pending' }, named(1, '2'))).toMatchObject({
      isWritten: false,
      isDuplicate: true,
    })
    const { data } = (await bench.api.ok('GET', `/jobs/${id}/attempts`)) as unknown as { data: { remoteId: string }[] }
    expect(data.map(({ remoteId }) => remoteId)).toEqual(['2', '1'])
  })
})
