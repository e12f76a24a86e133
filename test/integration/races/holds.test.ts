import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeDatabase } from '../../../src/infra/database.ts'
import { jobKind } from '../../../src/jobs/job.kind.ts'
import type { Driver } from '../../../src/providers/provider.ts'
import { makeLeasesRepository } from '../../../src/workloads/leases.repository.ts'
import { factsOf } from '../../../src/workloads/reconcile.ts'
import { transition, waiting } from '../../../src/workloads/transition.ts'
import type { Workload } from '../../../src/workloads/workload.ts'
import { makeWritesRepository, type Write } from '../../../src/workloads/writes.repository.ts'
import { type ApiBench, startApiBench } from '../../support/api-bench.ts'
import { quickSettings } from '../../support/switchyard.ts'

let bench: ApiBench
let open: ReturnType<typeof makeDatabase>

beforeAll(async () => {
  bench = await startApiBench()
  open = makeDatabase({ url: bench.database.url, poolSize: 2 })
})

afterAll(async () => {
  await open.close()
  await bench.stop()
})

/** As much of a driver as a decision to wait needs. */
const idleDriver = {
  traits: { listLagMs: 0, maxProcessingMs: 0, uniqueNames: false, enforces: [] },
  states: {},
  controls: {},
} as unknown as Driver<'job'>

describe('a hold that is lifted', () => {
  it('while a worker is about to write down that it waits is noticed all the same', async () => {
    const connectionId = bench.connections.slurm
    const hold = (held: boolean) => bench.api.ok('PATCH', `/connections/${connectionId}`, { held })
    await hold(true)
    const { id } = await bench.api.ok('POST', '/jobs', { connectionId, name: 'held', script: '#!/bin/sh\ntrue\n' })

    const leases = makeLeasesRepository(open.prisma, 60_000)
    const [claimed] = await leases.claim([id])
    const known = (await leases.facts([id])).get(id)
    if (claimed === undefined || known === undefined) throw new Error('the job is not due')
    await hold(false)

    const workload = claimed.workload as Workload<'job'>
    const facts = factsOf(known, workload, idleDriver, quickSettings.tempo)
    const action = jobKind.nextAction(workload, facts)
    expect(action).toMatchObject({ do: 'wait', reason: 'held' })
    if (action.do !== 'wait') return
    const change = waiting(action, workload)
    const write = transition(jobKind, workload, { change, answer: null }, { facts, basis: claimed })
    const [written] = await makeWritesRepository(open.prisma).write([write as unknown as Write])
    expect(written).toMatchObject({ isWritten: true, isDue: true })
  })
})
