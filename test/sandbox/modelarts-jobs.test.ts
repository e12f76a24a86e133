import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { jobExample } from './modelarts-client.ts'
import { startModelarts } from './modelarts-sandbox.ts'

let arts: Awaited<ReturnType<typeof startModelarts>>
beforeEach(async () => {
  arts = await startModelarts()
})
afterEach(() => arts.sandbox.close())

const base = 'v2/training-jobs'
const submit = async (name = 'job', command = 'python train.py', spec: object = {}) =>
  (await arts.call(`POST ${base}`, jobExample(name, command, spec))).json.metadata.id as string
const get = async (id: string) => (await arts.call(`GET ${base}/${id}`)).json
const search = async (body: object) => (await arts.call('POST v2/training-job-searches', body)).json
const terminate = (id: string) => arts.call(`POST ${base}/${id}/actions`, { action_type: 'terminate' })

describe('creating a training job', () => {
  it('answers 201 with the job', async () => {
    const { status, json } = await arts.call(`POST ${base}`, jobExample('TestModelArtsJob', 'python train.py'))
    expect(status).toBe(201)
    expect(json).toMatchObject({
      kind: 'job',
      metadata: {
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        name: 'TestModelArtsJob',
        create_time: 1_767_571_200_000,
        workspace_id: '0',
      },
      status: {
        phase: 'Creating',
        secondary_phase: 'Creating',
        duration: 0,
        start_time: 0,
        node_count_metrics: null,
        tasks: ['worker-0'],
      },
      algorithm: { engine: { image_url: 'atelier/pytorch:1.8' } },
      spec: { resource: { flavor_id: 'modelarts.vm.cpu.8u', flavor_detail: { flavor_type: 'CPU' } } },
    })
  })

  it("refuses an unknown algorithm with the page's very body", async () => {
    const job = { ...jobExample('a', ''), algorithm: { id: '3f5d6706-7b67-408d-8ba0-ec08048c45ee' } }
    expect(await arts.call(`POST ${base}`, job)).toMatchObject({
      status: 400,
      json: {
        error_msg: 'algorithm not found.',
        error_code: 'ModelArts.2755',
        error_solution: 'Check whether the training project information in the request is valid.',
      },
    })
  })

  const job = jobExample('a', 'ls')
  const environments = (map: object) => ({ ...job, algorithm: { ...job.algorithm, environments: map } })
  it.each([
    ['2788', { ...job, kind: 'cron' }, 'Invalid parameter(kind).'],
    ['2788', { ...job, metadata: { name: 'a b' } }, 'Invalid parameter(metadata.name).'],
    ['2788', { ...job, algorithm: {} }, 'Invalid parameter(algorithm).'],
    ['2806', { ...job, algorithm: { engine: { image_url: 'x' } } }, 'cannot be empty'],
    ['2788', environments({ '1A': 'x' }), 'environments.1A'],
    ['2788', environments({ A: '$HOME' }), 'environments.A'],
    [
      '2793',
      { ...job, spec: { resource: { flavor_id: 'modelarts.vm.cpu.2u', node_count: 2 } } },
      '(2) exceeds the maximum (1)',
    ],
    ['2787', 'not json', 'Invalid JSON request body.'],
  ])('refuses with ModelArts.%s (case %#)', async (code, body, message) => {
    const { status, json } = await arts.call(`POST ${base}`, body)
    expect(status).toBe(400)
    expect(json).toMatchObject({ error_code: `ModelArts.${code}`, error_msg: expect.stringContaining(message) })
  })

  it('refuses a name that is taken, also by a job that has ended, and what settings refuse', async () => {
    const id = await submit('twice')
    arts.time.ms += 10_000
    const again = () => arts.call(`POST ${base}`, jobExample('twice', 'ls'))
    expect((await again()).json).toMatchObject({
      error_code: 'ModelArts.2751',
      error_msg: 'Duplicate training job (name twice).',
    })
    await arts.call(`DELETE ${base}/${id}`)
    expect((await again()).status).toBe(201)
    arts.settings.maxJobs = 1
    expect((await arts.call(`POST ${base}`, jobExample('b', 'ls'))).json.error_code).toBe('ModelArts.2815')
    arts.settings.refuseUnknownFlavors = true
    const strange = jobExample('b', 'ls', { resource: { flavor_id: 'modelarts.unheard.of' } })
    expect((await arts.call(`POST ${base}`, strange)).json.error_msg).toBe('Flavor (modelarts.unheard.of) not found.')
  })
})

describe('the life of a training job', () => {
  it('goes from Creating over Pending and Running to Completed', async () => {
    const id = await submit()
    arts.time.ms += 100
    expect((await get(id)).status).toMatchObject({ phase: 'Pending', secondary_phase: 'Queuing' })
    arts.time.ms += 100
    expect((await get(id)).status).toMatchObject({ phase: 'Running', start_time: arts.time.ms, duration: 0 })
    arts.time.ms += 400
    expect((await get(id)).status).toMatchObject({
      phase: 'Completed',
      duration: 400,
      task_statuses: [{ task: 'worker-0', exit_code: 0 }],
      running_records: [{ start_at: 1_767_571_200, end_at: 1_767_571_200, end_reason: 'job completed' }],
    })
  })

  it.each([
    ['exit 3', 3],
    ['sh -c "make; exit 127"', 127],
    ['false', 1],
  ])('fails as %j foretells', async (command, exitCode) => {
    const id = await submit('fails', command)
    arts.time.ms += 1000
    expect((await get(id)).status).toMatchObject({
      phase: 'Failed',
      secondary_phase: 'Failed',
      task_statuses: [{ task: 'worker-0', exit_code: exitCode }],
      running_records: [{ end_reason: `exit with ${exitCode}` }],
    })
  })

  it('runs as long as it sleeps, on as many nodes as asked', async () => {
    const id = await submit('sleeps', 'sleep 60', { resource: { flavor_id: 'modelarts.vm.cpu.8u', node_count: 3 } })
    arts.time.ms += 200 + 59_999
    const { status } = await get(id)
    expect(status).toMatchObject({ phase: 'Running', tasks: ['worker-0', 'worker-1', 'worker-2'] })
    arts.time.ms += 1
    expect((await get(id)).status.task_statuses).toHaveLength(3)
  })

  it('is abnormal when its creation fails', async () => {
    const id = await submit('create-fails')
    arts.time.ms += 100
    expect((await get(id)).status).toMatchObject({ phase: 'Abnormal', secondary_phase: 'CreateFailed', duration: 0 })
  })

  it('is terminated with 202, once', async () => {
    const id = await submit('long', 'sleep 600')
    arts.time.ms += 1000
    const { status, json } = await terminate(id)
    expect([status, json.status.phase]).toEqual([202, 'Terminating'])
    expect(await terminate(id)).toMatchObject({ status: 409, json: { error_code: 'ModelArts.2796' } })
    arts.time.ms += 150
    expect((await get(id)).status).toMatchObject({ phase: 'Terminated', duration: 950 })
  })

  it('cannot be terminated after its end, nor be told anything else', async () => {
    const id = await submit()
    expect((await arts.call(`POST ${base}/${id}/actions`, { action_type: 'pause' })).json.error_code).toBe(
      'ModelArts.2812',
    )
    arts.time.ms += 1000
    expect((await terminate(id)).json).toMatchObject({
      error_code: 'ModelArts.2796',
      error_msg: 'The job cannot be terminated.',
    })
  })

  it('is cut short by its auto stop, in hours', async () => {
    const id = await submit('cut', 'sleep 99999', { auto_stop: { time_unit: 'HOURS', duration: 1 } })
    arts.time.ms += 200 + 3_600_000
    expect((await get(id)).status.phase).toBe('Terminating')
    arts.time.ms += 150
    expect((await get(id)).status.phase).toBe('Terminated')
  })

  it('answers null to an update and an empty text to a delete, and is then unknown with HTTP 400', async () => {
    const id = await submit()
    expect(await arts.call(`PUT ${base}/${id}`, { description: 'new' })).toMatchObject({ status: 200, text: 'null' })
    expect((await get(id)).metadata.description).toBe('new')
    expect(await arts.call(`DELETE ${base}/${id}`)).toMatchObject({ status: 202, text: '""' })
    expect(await arts.call(`GET ${base}/${id}`)).toMatchObject({
      status: 400,
      json: { error_code: 'ModelArts.2775', error_msg: `Training job (ID: ${id}) not found.` },
    })
  })

  it('may be pushed into another end by a test', async () => {
    const id = await submit()
    arts.sandbox.force('modelarts', id, { finalState: 'Failed', finalVerdict: 'Lost' })
    arts.time.ms += 1000
    expect((await get(id)).status).toMatchObject({
      phase: 'Failed',
      secondary_phase: 'Lost',
      task_statuses: [{ exit_code: 1 }],
    })
  })
})

describe('searching training jobs', () => {
  beforeEach(async () => {
    for (const name of ['train-a', 'train-b', 'eval-c']) {
      await submit(name, name === 'eval-c' ? 'false' : 'ls')
      arts.time.ms += 10
    }
  })
  const names = ({ items }: { items: { metadata: { name: string } }[] }) => items.map(({ metadata }) => metadata.name)

  it('counts pages, not records', async () => {
    const second = await search({ offset: 1, limit: 2 })
    expect(second).toMatchObject({ total: 3, count: 3, offset: 1, limit: 2, sort_by: 'create_time', order: 'desc' })
    expect(names(second)).toEqual(['train-a'])
    expect(names(await search({ offset: 0, limit: 2 }))).toEqual(['eval-c', 'train-b'])
  })

  it('shows all without a body, oldest first when asked', async () => {
    expect(names(await search({ order: 'asc' }))).toEqual(['train-a', 'train-b', 'eval-c'])
    expect((await arts.call('POST v2/training-job-searches')).json.count).toBe(3)
  })

  it("takes the page's sample filters, of which the empty ones ask for nothing", async () => {
    const filters = [
      { key: 'name', operator: 'like', value: ['train'] },
      { key: 'create_time', operator: 'between', value: ['', ''] },
      { key: 'phase', operator: 'in', value: [''] },
      { key: 'kind', operator: 'in', value: [] },
    ]
    expect(await search({ filters })).toMatchObject({ total: 3, count: 2 })
    arts.time.ms += 1000
    expect(names(await search({ filters: [{ key: 'phase', operator: 'in', value: ['Failed'] }] }))).toEqual(['eval-c'])
    const until = [{ key: 'create_time', operator: 'between', value: ['', '1767571200005'] }]
    expect(names(await search({ filters: until }))).toEqual(['train-a'])
  })

  it.each([
    ['2807', { filters: [{ key: 'colour', operator: 'in', value: [] }] }],
    ['2808', { filters: [{ key: 'name', operator: 'above', value: [] }] }],
    ['2790', { sort_by: 'name' }],
    ['2788', { limit: 51 }],
    ['2788', { order: 'up' }],
  ])('refuses with ModelArts.%s (case %#)', async (code, body) => {
    expect((await search(body)).error_code).toBe(`ModelArts.${code}`)
  })

  it('is a list to the faults', async () => {
    arts.sandbox.faults.add({ kind: 'empty_list', operation: 'jobs.search', times: 1 })
    expect((await search({})).items).toEqual([])
    expect((await search({})).items).toHaveLength(3)
  })
})

describe('logs of a training job', () => {
  it('are not ready before it runs, and are then what it echoes', async () => {
    const id = await submit('logs', 'echo "epoch 1 of ü"; echo done && exit 3')
    const preview = () => arts.call(`GET ${base}/${id}/tasks/worker-0/logs/preview`)
    expect(await preview()).toMatchObject({ status: 204, text: '' })
    arts.time.ms += 1000
    const { status, json } = await preview()
    expect(status).toBe(200)
    expect(json.content).toMatch(/epoch 1 of ü\ndone\n.*exit with 3\n$/)
    expect(json.current_size).toBe(Buffer.byteLength(json.content))
  })

  it('come as a link that holds a signature, for tasks that there are', async () => {
    const id = await submit()
    arts.time.ms += 200
    const { json } = await arts.call(`GET ${base}/${id}/tasks/worker-0/logs/url`)
    expect(json.obs_url).toMatch(/^https:.*Expires=1767571500&Signature=/)
    expect((await arts.call(`GET ${base}/${id}/tasks/worker-9/logs/url`)).json.error_code).toBe('ModelArts.2788')
  })
})

it('offers flavors by type', async () => {
  const { json } = await arts.call('GET v2/training-job-flavors?flavor_type=CPU')
  expect(json.total_count).toBe(2)
  expect(json.flavors[0]).toMatchObject({ flavor_id: 'modelarts.vm.cpu.2u', flavor_info: { max_num: 1 } })
})

it('offers preset frameworks', async () => {
  const { json } = await arts.call('GET v2/training-job-engines')
  expect(json.total).toBe(json.items.length)
  expect(json.items[0]).toMatchObject({ engine_name: 'PyTorch', image_info: { image_version: expect.any(String) } })
})

describe('what is told of a job besides it', () => {
  const read = async (id: string, rest: string) => arts.call(`GET ${base}/${id}/${rest}`)

  it('is nothing before it runs', async () => {
    const id = await submit()
    expect((await read(id, 'tasks')).json).toEqual([])
    expect((await read(id, 'metrics/worker-0')).status).toBe(204)
    expect((await read(id, 'events')).json).toMatchObject({ total: 1, events: [{ message: 'Training job creating.' }] })
  })

  it('are its tasks, one per node', async () => {
    const id = await submit('job', 'sleep 60', { resource: { flavor_id: 'modelarts.vm.cpu.8u', node_count: 2 } })
    arts.time.ms += 10_000
    expect((await read(id, 'tasks')).json).toEqual([
      { task: 'worker-0', ip: '172.16.0.2', host_ip: '192.168.0.2', schedule_count: 1 },
      { task: 'worker-1', ip: '172.16.0.3', host_ip: '192.168.0.3', schedule_count: 1 },
    ])
  })

  it("are its events, newest first, in the sample's words and zone", async () => {
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

  it('are averages of each minute, -1 for what its flavor has not', async () => {
    const id = await submit('job', 'sleep 150')
    arts.time.ms += 1_000_000
    const { metrics } = (await read(id, 'metrics/worker-0')).json
    expect(metrics).toContainEqual({ metric: 'cpuUsage', value: [12.5, 12.5, 12.5] })
    expect(metrics).toContainEqual({ metric: 'gpuUtil', value: [-1, -1, -1] })
    expect((await read(id, 'metrics/worker-9')).json.error_code).toBe('ModelArts.2788')
  })
})

describe('an algorithm', () => {
  const algorithm = { metadata: { name: 'mine' }, job_config: { code_dir: '/b/code/', boot_file: '/b/code/exit 4.py' } }

  it('is made, listed and shown, and a job can be of it', async () => {
    const made = await arts.call('POST v2/algorithms', algorithm)
    expect(made).toMatchObject({ status: 201, json: { metadata: { name: 'mine' }, job_config: algorithm.job_config } })
    const { id } = made.json.metadata
    expect((await arts.call(`GET v2/algorithms/${id}`)).json).toEqual(made.json)
    expect((await arts.call('GET v2/algorithms?limit=10')).json).toMatchObject({ total: 1, items: [made.json] })
    const job = { ...jobExample('a', ''), algorithm: { id } }
    const submitted = (await arts.call(`POST ${base}`, job)).json
    expect(submitted.algorithm).toMatchObject({ id, name: 'mine', boot_file: '/b/code/exit 4.py' })
    arts.time.ms += 10_000
    expect((await get(submitted.metadata.id)).status).toMatchObject({
      phase: 'Failed',
      task_statuses: [{ exit_code: 4 }],
    })
  })

  it('is code with a boot file, or an image with a command', async () => {
    const { job_config: _, ...rest } = algorithm
    const refused = await arts.call('POST v2/algorithms', { ...rest, job_config: { code_dir: '/b/code/' } })
    expect(refused.json.error_code).toBe('ModelArts.2788')
    expect((await arts.call('GET v2/algorithms/none')).json.error_code).toBe('ModelArts.2755')
  })
})
