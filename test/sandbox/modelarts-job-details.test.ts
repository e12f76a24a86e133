import { beforeEach, describe, expect, it } from 'vitest'
import { forEachTest } from '../support/for-each-test.ts'
import { jobExample } from './modelarts-client.ts'
import { startModelarts } from './modelarts-sandbox.ts'

const arts = forEachTest(startModelarts, ({ sandbox }) => sandbox.close())

const base = 'v2/training-jobs'
const submit = async (name = 'job', command = 'python train.py', spec: object = {}) =>
  (await arts.call(`POST ${base}`, jobExample(name, command, spec))).json.metadata.id as string
const get = async (id: string) => (await arts.call(`GET ${base}/${id}`)).json
const search = async (body: object) => (await arts.call('POST v2/training-job-searches', body)).json

describe('ModelArts sandbox training job search', () => {
  beforeEach(async () => {
    for (const name of ['train-a', 'train-b', 'eval-c']) {
      await submit(name, name === 'eval-c' ? 'false' : 'ls')
      arts.time.ms += 10
    }
  })
  const names = ({ items }: { items: { metadata: { name: string } }[] }) => items.map(({ metadata }) => metadata.name)

  it('has an offset in pages, not records', async () => {
    const second = await search({ offset: 1, limit: 2 })
    expect(second).toMatchObject({ total: 3, count: 3, offset: 1, limit: 2, sort_by: 'create_time', order: 'desc' })
    expect(names(second)).toEqual(['train-a'])
    expect(names(await search({ offset: 0, limit: 2 }))).toEqual(['eval-c', 'train-b'])
  })

  it('returns all jobs without a body, oldest first on request', async () => {
    expect(names(await search({ order: 'asc' }))).toEqual(['train-a', 'train-b', 'eval-c'])
    expect((await arts.call('POST v2/training-job-searches')).json.count).toBe(3)
  })

  it('accepts the documented filters and ignores empty ones', async () => {
    const filters = [
      { key: 'name', operator: 'like', value: ['train'] },
      { key: 'create_time', operator: 'between', value: ['', ''] },
      { key: 'phase', operator: 'in', value: [''] },
      { key: 'kind', operator: 'in', value: [] },
    ]
    expect(await search({ filters })).toMatchObject({ total: 3, count: 2 })
    arts.time.ms += 1000
    expect(names(await search({ filters: [{ key: 'phase', operator: 'in', value: ['Failed'] }] }))).toEqual(['eval-c'])
    const before = [{ key: 'create_time', operator: 'between', value: ['', '1767571200005'] }]
    expect(names(await search({ filters: before }))).toEqual(['train-a'])
  })

  it.each([
    ['2807', { filters: [{ key: 'colour', operator: 'in', value: [] }] }],
    ['2808', { filters: [{ key: 'name', operator: 'above', value: [] }] }],
    ['2790', { sort_by: 'name' }],
    ['2788', { limit: 51 }],
    ['2788', { order: 'up' }],
  ])('rejects with ModelArts.%s (case %#)', async (code, body) => {
    expect((await search(body)).error_code).toBe(`ModelArts.${code}`)
  })

  it('is a list for faults', async () => {
    arts.sandbox.faults.add({ kind: 'empty_list', operation: 'jobs.search', times: 1 })
    expect((await search({})).items).toEqual([])
    expect((await search({})).items).toHaveLength(3)
  })
})

describe('ModelArts sandbox training job logs', () => {
  it('are unavailable before the job runs, then contain its output', async () => {
    const id = await submit('logs', 'echo "epoch 1 of ü"; echo done && exit 3')
    const preview = () => arts.call(`GET ${base}/${id}/tasks/worker-0/logs/preview`)
    expect(await preview()).toMatchObject({ status: 204, text: '' })
    arts.time.ms += 1000
    const { status, json } = await preview()
    expect(status).toBe(200)
    expect(json.content).toMatch(/epoch 1 of ü\ndone\n.*exit with 3\n$/)
    expect(json.current_size).toBe(Buffer.byteLength(json.content))
  })

  it('are returned as a signed link for existing tasks', async () => {
    const id = await submit()
    arts.time.ms += 200
    const { json } = await arts.call(`GET ${base}/${id}/tasks/worker-0/logs/url`)
    expect(json.obs_url).toMatch(/^https:.*Expires=1767571500&Signature=/)
    expect((await arts.call(`GET ${base}/${id}/tasks/worker-9/logs/url`)).json.error_code).toBe('ModelArts.2788')
  })
})

it('the ModelArts sandbox lists flavors by type', async () => {
  const { json } = await arts.call('GET v2/training-job-flavors?flavor_type=CPU')
  expect(json.total_count).toBe(2)
  expect(json.flavors[0]).toMatchObject({ flavor_id: 'modelarts.vm.cpu.2u', flavor_info: { max_num: 1 } })
})

it('the ModelArts sandbox lists preset frameworks', async () => {
  const { json } = await arts.call('GET v2/training-job-engines')
  expect(json.total).toBe(json.items.length)
  expect(json.items[0]).toMatchObject({ engine_name: 'PyTorch', image_info: { image_version: expect.any(String) } })
})

describe('ModelArts sandbox training job details', () => {
  const read = async (id: string, rest: string) => arts.call(`GET ${base}/${id}/${rest}`)

  it('are empty before the job runs', async () => {
    const id = await submit()
    expect((await read(id, 'tasks')).json).toEqual([])
    expect((await read(id, 'metrics/worker-0')).status).toBe(204)
    expect((await read(id, 'events')).json).toMatchObject({ total: 1, events: [{ message: 'Training job creating.' }] })
  })

  it('contain one task per node', async () => {
    const id = await submit('job', 'sleep 60', { resource: { flavor_id: 'modelarts.vm.cpu.8u', node_count: 2 } })
    arts.time.ms += 10_000
    expect((await read(id, 'tasks')).json).toEqual([
      { task: 'worker-0', ip: '172.16.0.2', host_ip: '192.168.0.2', schedule_count: 1 },
      { task: 'worker-1', ip: '172.16.0.3', host_ip: '192.168.0.3', schedule_count: 1 },
    ])
  })

  it('contain the events, newest first, with the documented messages and time zone', async () => {
    const id = await submit('job', 'sleep 60\nexit 3')
    arts.time.ms += 100_000
    const { json } = await read(id, 'events?limit=3')
    expect(json).toMatchObject({ total: 6, limit: 3, offset: 0, order: 'desc' })
    expect(json.events).toEqual([
      { time: '2026-01-05T08:01:00+08:00', level: 'Error', message: 'Training job failed.', source: 'Job' },
      ...[
        { time: '2026-01-05T08:01:00+08:00', level: 'Info', message: '[worker-0] Training finished. Exit code 3.' },
      ].map((event) => ({ ...event, source: 'Task' })),
      { time: '2026-01-05T08:00:00+08:00', level: 'Info', message: '[worker-0] training started.', source: 'Task' },
    ])
    expect((await read(id, 'events?level=Error')).json.total).toBe(1)
    expect((await read(id, 'events?source=Task&order=asc&offset=1')).json.events).toHaveLength(1)
    expect((await read(id, 'events?pattern=running')).json.total).toBe(1)
    expect((await read(id, `events?start_time=0&end_time=${arts.time.ms - 100_000}`)).json.total).toBe(1)
    expect((await read(id, 'events?limit=101')).json.error_code).toBe('ModelArts.2788')
  })

  it('contain averages per minute, and -1 without a GPU', async () => {
    const id = await submit('job', 'sleep 150')
    arts.time.ms += 1_000_000
    const { metrics } = (await read(id, 'metrics/worker-0')).json
    expect(metrics).toContainEqual({ metric: 'cpuUsage', value: [12.5, 12.5, 12.5] })
    expect(metrics).toContainEqual({ metric: 'gpuUtil', value: [-1, -1, -1] })
    expect((await read(id, 'metrics/worker-9')).json.error_code).toBe('ModelArts.2788')
  })
})

describe('ModelArts sandbox algorithm', () => {
  const algorithm = { metadata: { name: 'mine' }, job_config: { code_dir: '/b/code/', boot_file: '/b/code/exit 4.py' } }

  it('is created, listed, read and used by a job', async () => {
    const created = await arts.call('POST v2/algorithms', algorithm)
    expect(created).toMatchObject({
      status: 201,
      json: { metadata: { name: 'mine' }, job_config: algorithm.job_config },
    })
    const { id } = created.json.metadata
    expect((await arts.call(`GET v2/algorithms/${id}`)).json).toEqual(created.json)
    expect((await arts.call('GET v2/algorithms?limit=10')).json).toMatchObject({ total: 1, items: [created.json] })
    const job = { ...jobExample('a', ''), algorithm: { id } }
    const submitted = (await arts.call(`POST ${base}`, job)).json
    expect(submitted.algorithm).toMatchObject({ id, name: 'mine', boot_file: '/b/code/exit 4.py' })
    arts.time.ms += 10_000
    expect((await get(submitted.metadata.id)).status).toMatchObject({
      phase: 'Failed',
      task_statuses: [{ exit_code: 4 }],
    })
  })

  it('needs a boot file with code, and is unknown otherwise', async () => {
    const { job_config: _, ...rest } = algorithm
    const refused = await arts.call('POST v2/algorithms', { ...rest, job_config: { code_dir: '/b/code/' } })
    expect(refused.json.error_code).toBe('ModelArts.2788')
    expect((await arts.call('GET v2/algorithms/none')).json.error_code).toBe('ModelArts.2755')
  })
})
