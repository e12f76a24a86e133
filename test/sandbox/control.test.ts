import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { forEachTest } from '../support/for-each-test.ts'
import { freePorts } from '../support/free-ports.ts'
import { startDataforest } from './dataforest-sandbox.ts'
import { appExample } from './ncp-client.ts'

const forest = forEachTest(startDataforest, ({ sandbox }) => sandbox.close())
let workspaceId: string
beforeEach(async () => {
  workspaceId = await forest.createWorkspace()
})

async function control(method: string, path: string, body?: unknown) {
  const reply = await fetch(`${forest.sandbox.url}/_sandbox${path}`, {
    method,
    ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  })
  const text = await reply.text()
  return { status: reply.status, json: text === '' ? undefined : JSON.parse(text) }
}

describe('sandbox control API', () => {
  it('returns URLs and credentials of the providers', async () => {
    const { json } = await control('GET', '')
    expect(json).toEqual({ urls: forest.sandbox.urls, accounts: forest.sandbox.accounts })
  })

  it('adds, lists and removes faults', async () => {
    const added = await control('POST', '/faults', { kind: 'rate_limited', operation: 'aiapps.submit' })
    expect(added).toMatchObject({ status: 201, json: { id: expect.any(String), kind: 'rate_limited', fired: 0 } })
    expect((await forest.call('aiapps/submit', appExample(workspaceId))).status).toBe(429)
    const { json } = await control('GET', '/faults')
    expect(json).toMatchObject({ active: [{ id: added.json.id, fired: 1 }], fired: [{ kind: 'rate_limited' }] })
    expect((await control('DELETE', `/faults/${added.json.id}`)).status).toBe(204)
    expect((await forest.call('aiapps/submit', appExample(workspaceId))).status).toBe(200)
    expect((await control('DELETE', '/faults')).status).toBe(204)
    expect((await control('GET', '/faults')).json).toEqual({ active: [], fired: [] })
  })

  it.each([{}, { kind: 'earthquake' }, { kind: 'reset', tims: 1 }, { kind: 'reset', times: '1' }])(
    'rejects the fault %j',
    async (fault) => {
      expect((await control('POST', '/faults', fault)).status).toBe(400)
      expect(forest.sandbox.faults.active).toEqual([])
    },
  )

  it('lists every object with the request that created it', async () => {
    const id = await forest.submit(workspaceId)
    const { json } = await control('GET', '/objects?provider=dataforest')
    expect(json.objects).toEqual([
      expect.objectContaining({ kind: 'aiworkspace', id: workspaceId, name: 'api-test' }),
      expect.objectContaining({
        kind: 'aiapp',
        id,
        createdAt: forest.time.ms,
        creation: appExample(workspaceId),
        state: 'ACCEPTED',
        outcome: 'UNDEFINED',
      }),
    ])
    expect((await control('GET', '/objects?provider=another')).json).toEqual({ objects: [] })
  })

  it('forces a permanent state, even an undocumented one', async () => {
    const id = await forest.submit(workspaceId)
    const { json } = await control('PATCH', `/objects/dataforest/${id}`, { state: 'HIBERNATING' })
    expect(json).toMatchObject({ state: 'HIBERNATING', outcome: 'UNDEFINED' })
    forest.time.ms += 3_600_000
    expect(await forest.detail(id)).toMatchObject({ state: 'HIBERNATING', finishedAt: '1970-01-01T09:00:00+09:00' })
  })

  it('forces an end immediately', async () => {
    const id = await forest.submit(workspaceId)
    await control('PATCH', `/objects/dataforest/${id}`, { state: 'FAILED', outcome: 'FAILED' })
    expect(await forest.detail(id)).toMatchObject({ state: 'FAILED', finalStatus: 'FAILED' })
  })

  it('changes the outcome of an object without changing its times', async () => {
    const id = await forest.submit(workspaceId)
    await control('PATCH', `/objects/dataforest/${id}`, { finalOutcome: 'UNDEFINED' })
    forest.time.ms += 599
    expect(await forest.detail(id)).toMatchObject({ state: 'RUNNING' })
    forest.time.ms += 1
    expect(await forest.detail(id)).toMatchObject({ state: 'FINISHED', finalStatus: 'UNDEFINED' })
  })

  it('deletes an object at the provider', async () => {
    const id = await forest.submit(workspaceId)
    expect((await control('DELETE', `/objects/dataforest/${id}`)).status).toBe(204)
    expect((await forest.call('aiapps/getDetail', { id })).status).toBe(404)
    expect(await forest.appIds()).toEqual([])
    expect(await control('DELETE', `/objects/dataforest/${id}`)).toMatchObject({
      status: 404,
      json: { message: `dataforest has no object '${id}'` },
    })
  })

  it('advances the time of objects without affecting signatures', async () => {
    const id = await forest.submit(workspaceId, 'sleep 3600')
    expect((await control('POST', '/advance', { ms: 4_000_000 })).status).toBe(204)
    expect(await forest.detail(id)).toMatchObject({ success: true, state: 'FINISHED', elapsedMillis: 3_600_200 })
  })

  it('changes known settings to values of the right type', async () => {
    const changed = await control('PATCH', '/settings/dataforest', { runningMs: 5, errorsIn200: true })
    expect(changed.json).toMatchObject({ runningMs: 5, errorsIn200: true, acceptedMs: 200 })
    expect((await control('GET', '/settings')).json.dataforest).toEqual(changed.json)
    expect((await control('PATCH', '/settings/dataforest', { runingMs: 5 })).status).toBe(400)
    expect((await control('PATCH', '/settings/dataforest', { runningMs: 'soon' })).status).toBe(400)
    expect((await control('PATCH', '/settings/another', { runningMs: 5 })).status).toBe(404)
    expect(forest.sandbox.settings.dataforest.runningMs).toBe(5)
  })

  it('counts calls by operation', async () => {
    await forest.submit(workspaceId)
    await forest.appIds()
    await forest.appIds()
    expect((await control('GET', '/calls')).json).toEqual({
      dataforest: { 'aiworkspaces.create': 1, 'aiapps.submit': 1, 'aiapps.getList': 2 },
    })
  })

  it('resets objects, faults, settings and time', async () => {
    await control('POST', '/faults', { kind: 'rate_limited' })
    await control('PATCH', '/settings/dataforest', { runningMs: 5 })
    await control('POST', '/advance', { ms: 5 })
    expect((await control('POST', '/reset')).status).toBe(204)
    expect((await control('GET', '/objects')).json).toEqual({ objects: [] })
    expect((await control('GET', '/calls')).json).toEqual({})
    expect(forest.sandbox.settings.dataforest.runningMs).toBe(400)
    expect(forest.sandbox.world.now()).toBe(forest.time.ms)
    expect(await forest.createWorkspace()).not.toBe(workspaceId)
  })
})

describe('sandbox journal', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sandbox-'))
  })
  afterEach(() => rm(folder, { recursive: true }))

  it('restores objects after a restart and never reuses an id', async () => {
    const journalFile = join(folder, 'journal.jsonl')
    const before = await startDataforest({ journalFile })
    const workspace = await before.createWorkspace()
    const [kept, deleted] = [await before.submit(workspace), await before.submit(workspace)]
    before.sandbox.remove('dataforest', deleted)
    await before.sandbox.close()
    await writeFile(journalFile, '{"provider":"dataforest","kind":"aia', { flag: 'a' })

    const after = await startDataforest({ journalFile })
    after.time.ms += 600
    expect(await after.appIds()).toEqual([kept])
    expect(await after.detail(kept)).toMatchObject({ state: 'FINISHED', finalStatus: 'SUCCEEDED' })
    const next = await after.submit(workspace)
    expect([workspace, kept, deleted]).not.toContain(next)
    await after.sandbox.close()
    expect(await readFile(journalFile, 'utf8')).not.toContain('"kind":"aia\n')
  })
})

describe('sandbox on configured ports', () => {
  it('keeps the URL of a provider across restarts', async () => {
    const port = await freePorts(2)
    const first = await startDataforest({ port })
    const { url, urls } = first.sandbox
    await first.sandbox.close()
    const second = await startDataforest({ port })
    expect({ url: second.sandbox.url, urls: second.sandbox.urls }).toEqual({ url, urls })
    expect(urls.dataforest).toBe(`http://127.0.0.1:${port + 1}`)
    await second.sandbox.close()
  })

  it('fails if a port is in use, and releases its ports', async () => {
    const port = await freePorts(2)
    const first = await startDataforest({ port })
    await expect(startDataforest({ port })).rejects.toThrow('EADDRINUSE')
    await first.sandbox.close()
    const third = await startDataforest({ port })
    await third.sandbox.close()
  })
})

it('the sandbox generates the same ids for the same seed', async () => {
  const firstId = async (seed: string) => {
    const other = await startDataforest({ seed })
    const id = await other.createWorkspace()
    await other.sandbox.close()
    return id
  }
  expect(await firstId('a')).toBe(await firstId('a'))
  expect(await firstId('a')).not.toBe(await firstId('b'))
})
