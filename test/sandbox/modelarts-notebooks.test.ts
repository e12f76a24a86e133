import { describe, expect, it } from 'vitest'
import { forEachTest } from '../support/for-each-test.ts'
import { notebookExample } from './modelarts-client.ts'
import { startModelarts } from './modelarts-sandbox.ts'

const arts = forEachTest(startModelarts, ({ sandbox }) => sandbox.close())

const base = 'v1/notebooks'
const hourMs = 3_600_000
const create = async (changes: object = {}) =>
  (await arts.call(`POST ${base}`, { ...notebookExample, ...changes })).json.id as string
const get = async (id: string) => (await arts.call(`GET ${base}/${id}`)).json
const list = async (query = '') => (await arts.call(`GET ${base}${query}`)).json

describe('ModelArts sandbox notebook create', () => {
  it('accepts the documented sample and returns values in upper case', async () => {
    const { status, json } = await arts.call(`POST ${base}`, notebookExample)
    expect(status).toBe(200)
    expect(json).toMatchObject({
      description: 'api-test',
      feature: 'NOTEBOOK',
      flavor: 'modelarts.vm.cpu.2u',
      id: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
      image: { id: notebookExample.image_id, name: 'notebook2.0-mul-kernel-cpu-cp36', type: 'BUILD_IN' },
      lease: { create_at: 1_767_571_200_000, duration: hourMs, enable: true, type: 'TIMING' },
      status: 'CREATING',
      token: expect.any(String),
      volume: { category: 'EVS', ownership: 'MANAGED', capacity: 50 },
    })
    expect(json).not.toHaveProperty('url')
  })

  it.each([
    ['6335', { image_id: undefined }],
    ['6335', { volume: { category: 'EVS' } }],
    ['6335', { volume: { category: 'OBS', ownership: 'MANAGED' } }],
    ['6335', { volume: { category: 'obsfs', ownership: 'DEDICATED' } }],
    ['6335', { volume: { category: 'EFS', ownership: 'DEDICATED', uri: '10.0.0.1:/' } }],
    ['6336', { image_id: 'pytorch' }],
    ['6336', { volume: { category: 'floppy', ownership: 'MANAGED' } }],
    ['6336', { duration: hourMs - 1 }],
    ['6336', { duration: 259_200_001 }],
    ['6336', { name: 'n'.repeat(129) }],
    ['6334', { description: "it's" }],
    ['6332', { duration: '1h' }],
  ])('rejects with ModelArts.%s (case %#)', async (code, changes) => {
    expect(await arts.call(`POST ${base}`, { ...notebookExample, ...changes })).toMatchObject({
      status: 400,
      json: { error_code: `ModelArts.${code}`, error_msg: expect.any(String) },
    })
  })

  it('accepts duplicate names', async () => {
    expect(await create()).not.toBe(await create())
  })
})

describe('ModelArts sandbox notebook', () => {
  it('changes from CREATING to RUNNING, then with a URL', async () => {
    const id = await create()
    expect(await get(id)).toMatchObject({ status: 'CREATING', action_progress: [{ step: 1 }, {}, {}, {}] })
    arts.time.ms += 300
    expect(await get(id)).toMatchObject({
      status: 'RUNNING',
      url: expect.stringContaining(id),
      update_at: 1_767_571_200_300,
    })
  })

  it('stops at the end of its lease, in milliseconds', async () => {
    const id = await create({ lease: { duration: 9 * hourMs, type: 'timing' }, duration: 2 * hourMs })
    arts.time.ms += 300 + 2 * hourMs - 1
    expect((await get(id)).status).toBe('RUNNING')
    arts.time.ms += 1 + 150
    expect((await get(id)).status).toBe('STOPPED')
  })

  it('never stops with a duration of -1', async () => {
    const id = await create({ duration: -1 })
    arts.sandbox.world.advance(1000 * hourMs)
    expect(await get(id)).toMatchObject({ status: 'RUNNING', lease: { enable: false } })
  })

  it('is prolonged from the time of the request', async () => {
    const id = await create()
    arts.time.ms += 300 + hourMs / 2
    const prolonged = await arts.call(`PATCH ${base}/${id}/lease`, { duration: hourMs, type: 'timing' })
    expect(prolonged.json).toMatchObject({ duration: hourMs, type: 'TIMING', update_at: arts.time.ms })
    expect((await arts.call(`GET ${base}/${id}/lease`)).json).toEqual(prolonged.json)
    arts.time.ms += hourMs - 1
    expect((await get(id)).status).toBe('RUNNING')
    arts.time.ms += 1
    expect((await get(id)).status).toBe('STOPPING')
    expect((await arts.call(`PATCH ${base}/${id}/lease?duration=${hourMs}`)).json.error_code).toBe('ModelArts.6327')
  })

  it('is stopped and started by path, with the duration in the query', async () => {
    const id = await create()
    arts.time.ms += 300
    expect((await arts.call(`POST ${base}/${id}/stop`)).json.status).toBe('STOPPING')
    arts.time.ms += 150
    const started = await arts.call(`POST ${base}/${id}/start?duration=-1&type=timing`)
    expect(started.json).toMatchObject({ status: 'STARTING', lease: { duration: -1, enable: false } })
    expect((await arts.call(`POST ${base}/${id}/start`)).json.error_code).toBe('ModelArts.6306')
    arts.time.ms += 200
    expect((await get(id)).status).toBe('RUNNING')
    expect((await arts.call(`POST ${base}/${id}/stop`)).status).toBe(200)
    arts.time.ms += 150
    expect((await arts.call(`POST ${base}/${id}/start?duration=5`)).json.error_code).toBe('ModelArts.6336')
    expect((await arts.call(`POST ${base}/${id}/start`)).json.lease.duration).toBe(800 + hourMs)
  })

  it('extends its lease duration from the creation with each start', async () => {
    const id = await create()
    for (const startedAfterMs of [2_727_212, 9_000_000]) {
      arts.time.ms = 1_767_571_200_000 + startedAfterMs - 1000
      await arts.call(`POST ${base}/${id}/stop`)
      arts.time.ms += 1000
      const { lease } = (await arts.call(`POST ${base}/${id}/start?duration=${hourMs}&type=timing`)).json
      expect(lease).toMatchObject({ create_at: 1_767_571_200_000, duration: startedAfterMs + hourMs })
      expect(lease.update_at - lease.create_at).toBe(startedAfterMs)
      expect((await arts.call(`GET ${base}/${id}/lease`)).json).toEqual({ ...lease, duration: hourMs })
    }
  })

  it('is deleted while it runs, then not found with HTTP 400', async () => {
    const id = await create()
    arts.time.ms += 300
    expect(await arts.call(`DELETE ${base}/${id}`)).toMatchObject({ status: 200, json: { id, status: 'DELETING' } })
    expect((await arts.call(`DELETE ${base}/${id}`)).json.error_code).toBe('ModelArts.6357')
    arts.time.ms += 150
    expect(await arts.call(`GET ${base}/${id}`)).toMatchObject({ status: 400, json: { error_code: 'ModelArts.6404' } })
    expect((await list()).total).toBe(0)
    expect(arts.sandbox.objects('modelarts')).toEqual([])
  })

  it('fails if its name requests it', async () => {
    const id = await create({ name: 'create-fails' })
    arts.time.ms += 300
    expect(await get(id)).toMatchObject({ status: 'CREATE_FAILED', fail_reason: expect.any(String) })
  })

  it('returns the changed fields of an update, and restricts updates by state if configured', async () => {
    const id = await create()
    const { json } = await arts.call(`PUT ${base}/${id}`, { name: 'new-name' })
    expect(json).toEqual({ name: 'new-name' })
    expect((await get(id)).name).toBe('new-name')
    arts.settings.restrictNotebookUpdates = true
    expect((await arts.call(`PUT ${base}/${id}`, { name: 'b' })).json).toMatchObject({
      error_code: 'ModelArts.6347',
      error_msg: "When the instance is in the 'CREATING' status, the 'name' parameter cannot be modified.",
    })
  })
})

describe('ModelArts sandbox notebook list', () => {
  it('has pages of 10, 20 or 50 and an offset in pages', async () => {
    for (let count = 0; count < 12; count += 1) await create({ name: `n-${count}` })
    const first = await list()
    expect(first).toMatchObject({ current: 0, pages: 2, size: 10, total: 12 })
    expect(first.data.map(({ name }: { name: string }) => name).slice(0, 2)).toEqual(['n-11', 'n-10'])
    const rest = await list('?offset=10&limit=10&sort_dir=ASC')
    expect(rest.data.map(({ name }: { name: string }) => name)).toEqual(['n-10', 'n-11'])
    expect((await list('?offset=1&limit=20')).data).toHaveLength(11)
    expect((await list('?limit=15')).error_code).toBe('ModelArts.6336')
  })

  it('is filtered by name and by workspace under both parameter names', async () => {
    await create({ name: 'train-one', workspace_id: 'w' })
    await create({ name: 'eval-two' })
    expect((await list('?name=ain-')).total).toBe(1)
    expect((await list('?workspaceId=w')).total).toBe(1)
    expect((await list('?workspace_id=0')).total).toBe(1)
    expect((await list('/all?status=CREATING')).total).toBe(2)
  })

  it('is accompanied by flavors and images', async () => {
    const { json } = await arts.call(`GET ${base}/flavors?category=CPU`)
    expect(json.data[0]).toMatchObject({ id: 'modelarts.vm.cpu.2u', memory: 8_388_608, vcpus: 2, sold_out: false })
    expect((await arts.call('GET v1/images')).json.data[0].id).toBe(notebookExample.image_id)
  })
})
