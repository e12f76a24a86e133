import { describe, expect, it } from 'vitest'
import { forEachTest } from '../support/for-each-test.ts'
import { jobExample } from './modelarts-client.ts'
import { startModelarts } from './modelarts-sandbox.ts'

const arts = forEachTest(startModelarts, ({ sandbox }) => sandbox.close())

const base = 'v2/training-jobs'
const submit = async (name = 'job', command = 'python train.py', spec: object = {}) =>
  (await arts.call(`POST ${base}`, jobExample(name, command, spec))).json.metadata.id as string
const get = async (id: string) => (await arts.call(`GET ${base}/${id}`)).json
const terminate = (id: string) => arts.call(`POST ${base}/${id}/actions`, { action_type: 'terminate' })

describe('ModelArts sandbox training job create', () => {
  it('returns 201 with the job', async () => {
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

  it('rejects an unknown algorithm with the documented body', async () => {
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
  ])('rejects with ModelArts.%s (case %#)', async (code, body, message) => {
    const { status, json } = await arts.call(`POST ${base}`, body)
    expect(status).toBe(400)
    expect(json).toMatchObject({ error_code: `ModelArts.${code}`, error_msg: expect.stringContaining(message) })
  })

  it('rejects a name in use, also of an ended job, and values refused by settings', async () => {
    const id = await submit('twice')
    arts.time.ms += 10_000
    const createDuplicate = () => arts.call(`POST ${base}`, jobExample('twice', 'ls'))
    expect((await createDuplicate()).json).toMatchObject({
      error_code: 'ModelArts.2751',
      error_msg: 'Duplicate training job (name twice).',
    })
    await arts.call(`DELETE ${base}/${id}`)
    expect((await createDuplicate()).status).toBe(201)
    arts.settings.maxJobs = 1
    expect((await arts.call(`POST ${base}`, jobExample('b', 'ls'))).json.error_code).toBe('ModelArts.2815')
    arts.settings.refuseUnknownFlavors = true
    const withUnknownFlavor = jobExample('b', 'ls', { resource: { flavor_id: 'modelarts.unknown' } })
    expect((await arts.call(`POST ${base}`, withUnknownFlavor)).json.error_msg).toBe(
      'Flavor (modelarts.unknown) not found.',
    )
  })
})

describe('ModelArts sandbox training job', () => {
  it('is Creating, Pending, Running, then Completed', async () => {
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
  ])('fails for the command %j', async (command, exitCode) => {
    const id = await submit('fails', command)
    arts.time.ms += 1000
    expect((await get(id)).status).toMatchObject({
      phase: 'Failed',
      secondary_phase: 'Failed',
      task_statuses: [{ task: 'worker-0', exit_code: exitCode }],
      running_records: [{ end_reason: `exit with ${exitCode}` }],
    })
  })

  it('runs for the duration of a sleep on the requested number of nodes', async () => {
    const id = await submit('sleeps', 'sleep 60', { resource: { flavor_id: 'modelarts.vm.cpu.8u', node_count: 3 } })
    arts.time.ms += 200 + 59_999
    const { status } = await get(id)
    expect(status).toMatchObject({ phase: 'Running', tasks: ['worker-0', 'worker-1', 'worker-2'] })
    arts.time.ms += 1
    expect((await get(id)).status.task_statuses).toHaveLength(3)
  })

  it('is abnormal if its creation fails', async () => {
    const id = await submit('create-fails')
    arts.time.ms += 100
    expect((await get(id)).status).toMatchObject({ phase: 'Abnormal', secondary_phase: 'CreateFailed', duration: 0 })
  })

  it('is terminated once, with 202', async () => {
    const id = await submit('long', 'sleep 600')
    arts.time.ms += 1000
    const { status, json } = await terminate(id)
    expect([status, json.status.phase]).toEqual([202, 'Terminating'])
    expect(await terminate(id)).toMatchObject({ status: 409, json: { error_code: 'ModelArts.2796' } })
    arts.time.ms += 150
    expect((await get(id)).status).toMatchObject({ phase: 'Terminated', duration: 950 })
  })

  it('rejects a termination after its end, and unknown actions', async () => {
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

  it('is terminated by its auto stop, in hours', async () => {
    const id = await submit('cut', 'sleep 99999', { auto_stop: { time_unit: 'HOURS', duration: 1 } })
    arts.time.ms += 200 + 3_600_000
    expect((await get(id)).status.phase).toBe('Terminating')
    arts.time.ms += 150
    expect((await get(id)).status.phase).toBe('Terminated')
  })

  it('returns null for an update and an empty text for a delete, then HTTP 400', async () => {
    const id = await submit()
    expect(await arts.call(`PUT ${base}/${id}`, { description: 'new' })).toMatchObject({ status: 200, text: 'null' })
    expect((await get(id)).metadata.description).toBe('new')
    expect(await arts.call(`DELETE ${base}/${id}`)).toMatchObject({ status: 202, text: '""' })
    expect(await arts.call(`GET ${base}/${id}`)).toMatchObject({
      status: 400,
      json: { error_code: 'ModelArts.2775', error_msg: `Training job (ID: ${id}) not found.` },
    })
  })

  it('can be forced to another end', async () => {
    const id = await submit()
    arts.sandbox.force('modelarts', id, { finalState: 'Failed', finalOutcome: 'Lost' })
    arts.time.ms += 1000
    expect((await get(id)).status).toMatchObject({
      phase: 'Failed',
      secondary_phase: 'Lost',
      task_statuses: [{ exit_code: 1 }],
    })
  })
})
