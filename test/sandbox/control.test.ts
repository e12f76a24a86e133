import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { forEachTest } from '../support/for-each-test.ts'
import { startDataforest } from './dataforest-sandbox.ts'
import { appExample } from './ncp-client.ts'

const forest = forEachTest(startDataforest, ({ sandbox }) => sandbox.close())
let workspaceId: string
beforeEach(async () => {
  workspaceId = await forest.makeWorkspace()
})

async function control(method: string, path: string, body?: unknown) {
  const reply = await fetch(`${forest.sandbox.url}/_sandbox${path}`, {
    method,
    ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  })
  const text = await reply.text()
  return { status: reply.status, json: text === '' ? undefined : JSON.parse(text) }
}

describe('the control API', () => {
  it('tells where the providers are and with what credentials', async () => {
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
    'refuses the fault %j',
    async (fault) => {
      expect((await control('POST', '/faults', fault)).status).toBe(400)
      expect(forest.sandbox.faults.active).toEqual([])
    },
  )

  it('shows every object with the request that made it', async () => {
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

  it('forces a state that stays, even one that is not documented', async () => {
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

  it('changes what an object ends as and keeps its times', async () => {
    const id = await forest.submit(workspaceId)
    await control('PATCH', `/objects/dataforest/${id}`, { finalOutcome: 'UNDEFINED' })
    forest.time.ms += 599
    expect(await forest.detail(id)).toMatchObject({ state: 'RUNNING' })
    forest.time.ms += 1
    expect(await forest.detail(id)).toMatchObject({ state: 'FINISHED', finalStatus: 'UNDEFINED' })
  })

  it("deletes an object behind the provider's back", async () => {
    const id = await forest.submit(workspaceId)
    expect((await control('DELETE', `/objects/dataforest/${id}`)).status).toBe(204)
    expect((await forest.call('aiapps/getDetail', { id })).status).toBe(404)
    expect(await forest.appIds()).toEqual([])
    expect(await control('DELETE', `/objects/dataforest/${id}`)).toMatchObject({
      status: 404,
      json: { message: `dataforest has no object '${id}'` },
    })
  })

  it('lets objects age while signatures keep to the real clock', async () => {
    const id = await forest.submit(workspaceId, 'sleep 3600')
    expect((await control('POST', '/advance', { ms: 4_000_000 })).status).toBe(204)
    expect(await forest.detail(id)).toMatchObject({ success: true, state: 'FINISHED', elapsedMillis: 3_600_200 })
  })

  it('changes settings that exist, by values that fit', async () => {
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

  it('starts over on reset', async () => {
    await control('POST', '/faults', { kind: 'rate_limited' })
    await control('PATCH', '/settings/dataforest', { runningMs: 5 })
    await control('POST', '/advance', { ms: 5 })
    expect((await control('POST', '/reset')).status).toBe(204)
    expect((await control('GET', '/objects')).json).toEqual({ objects: [] })
    expect((await control('GET', '/calls')).json).toEqual({})
    expect(forest.sandbox.settings.dataforest.runningMs).toBe(400)
    expect(forest.sandbox.world.now()).toBe(forest.time.ms)
    expect(await forest.makeWorkspace()).not.toBe(workspaceId)
  })
})

describe('a sandbox that keeps a journal', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sandbox-'))
  })
  afterEach(() => rm(folder, { recursive: true }))

  it('has its objects after a restart, and makes no id twice', async () => {
    const journalFile = join(folder, 'journal.jsonl')
    const before = await startDataforest({ journalFile })
    const workspace = await before.makeWorkspace()
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

describe('a sandbox on chosen ports', () => {
  it('gives a restarted provider its old address', async () => {
    const port = 20_000 + (process.pid % 5000) * 2
    const first = await startDataforest({ port })
    const { url, urls } = first.sandbox
    await first.sandbox.close()
    const second = await startDataforest({ port })
    expect({ url: second.sandbox.url, urls: second.sandbox.urls }).toEqual({ url, urls })
    expect(urls.dataforest).toBe(`http://127.0.0.1:${port + 1}`)
    await second.sandbox.close()
  })

  it('fails to start when the port is taken, and leaves nothing open', async () => {
    const port = 20_000 + (process.pid % 5000) * 2
    const first = await startDataforest({ port })
    await expect(startDataforest({ port })).rejects.toThrow('EADDRINUSE')
    await first.sandbox.close()
    const again = await startDataforest({ port })
    await again.sandbox.close()
  })
})

it('gives the same ids for the same seed, and others for another', async () => {
  const firstId = async (seed: string) => {
    const other = await startDataforest({ seed })
    const id = await other.makeWorkspace()
    await other.sandbox.close()
    return id
  }
  expect(await firstId('a')).toBe(await firstId('a'))
  expect(await firstId('a')).not.toBe(await firstId('b'))
})
