import { describe, expect, it } from 'vitest'
import { makeConnectionsRepository } from '../../../src/connections/connections.repository.ts'
import type { Pause } from '../../../src/connections/pause.ts'
import { useApiBench } from '../../support/api-bench.ts'

const bench = await useApiBench()
const { open } = bench

const pause: Pause = {
  ...{ reason: 'credentials_rejected', tolerated: 0, firstMs: 600_000, maxMs: 600_000, requestedMs: null },
}

describe('connection failure', () => {
  it('pauses the connection only if reported for its current version', async () => {
    // The credentials may have changed during the call.
    const id = bench.connections.scnet ?? ''
    const { failed } = makeConnectionsRepository(open.prisma)
    const { version } = await bench.api.ok('PATCH', `/connections/${id}`, { name: 'changed during a call' })
    await failed({ id, version: Number(version) - 1, isProbe: false }, pause)
    expect(await bench.api.ok('GET', `/connections/${id}`)).not.toHaveProperty('pausedUntil')
    await failed({ id, version: Number(version), isProbe: false }, pause)
    expect(await bench.api.ok('GET', `/connections/${id}`)).toMatchObject({ pauseReason: pause.reason })
  })
})

describe('successful verification', () => {
  it('makes paused jobs and sweeps due', async () => {
    const connectionId = bench.connections.slurm ?? ''
    const { id } = await bench.api.ok('POST', '/jobs', { connectionId, name: 'paused', script: '#!/bin/sh\ntrue\n' })
    const { version } = await bench.api.ok('GET', `/connections/${connectionId}`)
    await makeConnectionsRepository(open.prisma).failed(
      { id: connectionId, version: Number(version), isProbe: false },
      pause,
    )
    const { pool } = open
    await pool.query("UPDATE workloads SET status_reason = $2, due_at = now() + interval '10 min' WHERE id = $1", [
      ...[id, pause.reason],
    ])
    await pool.query("UPDATE sweeps SET due_at = now() + interval '10 min' WHERE connection_id = $1", [connectionId])
    expect(await bench.api.ok('POST', `/connections/${connectionId}/verify`)).toEqual({ ok: true })
    expect(await bench.api.ok('GET', `/connections/${connectionId}`)).not.toHaveProperty('pausedUntil')
    const { rows } = await pool.query(
      `SELECT due_at <= now() AS due FROM workloads WHERE id = $1
        UNION ALL SELECT due_at <= now() FROM sweeps WHERE connection_id = $2`,
      [id, connectionId],
    )
    expect(rows).toEqual([{ due: true }, { due: true }])
  })
})

describe('expired pause', () => {
  it('allows one probe call and applies only its result', async () => {
    const id = bench.connections.aitems ?? ''
    const read = () => bench.api.ok('GET', `/connections/${id}`)
    const { failed, succeeded, mayProbe } = makeConnectionsRepository(open.prisma)
    const call = { id, version: Number((await read()).version), isProbe: false }
    const expirePause = () => open.pool.query('UPDATE connections SET not_before = now() WHERE id = $1', [id])
    const probes = async () =>
      (await Promise.all(Array.from({ length: 20 }, () => mayProbe(id, 60_000)))).filter(Boolean)

    expect(await probes()).toEqual([])
    await failed(call, pause)
    expect(await probes()).toEqual([])
    await expirePause()
    expect(await probes()).toEqual([true])
    // Results of calls before the probe are ignored; the result of the probe is applied.
    await succeeded(call)
    expect(await read()).toHaveProperty('pausedUntil')
    await failed({ ...call, isProbe: true }, pause)
    expect(await probes()).toEqual([])
    await expirePause()
    expect(await probes()).toEqual([true])
    await succeeded({ ...call, isProbe: true })
    expect(await read()).not.toHaveProperty('pausedUntil')
  })
})
