import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { checkSpec } from '../../../src/providers/field-rules.ts'
import type { JobSpec } from '../../../src/vocabulary/spec.ts'
import { alreadyExists, failureOf, id, signal, startRayStubForEachTest, text, token } from './ray-stub.ts'

const ray = startRayStubForEachTest()

const submit = 'POST /api/jobs/'
const accepted = { body: { job_id: id, submission_id: id } }
const create = (spec: Partial<JobSpec> = {}, settings: object = {}) =>
  ray.job(settings).create(ray.intent(spec), signal)
const sent = () => JSON.parse(ray.stub.requests.at(-1)?.body ?? '')

describe('Ray submit', () => {
  it('sends the request byte for byte with the token', async () => {
    ray.stub.once(submit, accepted)
    const intent = ray.intent({
      description: 'epochs',
      environmentVariables: { EPOCHS: '10' },
      resources: { cpus: 4, memoryMiB: 8192, accelerator: { kind: 'gpu', model: 'A100', count: 2 } },
    })
    expect(await ray.job().create(intent, signal)).toEqual({ remoteId: id })
    const [request] = ray.stub.requests
    expect(request?.headers).toMatchObject({ authorization: `Bearer ${token}`, 'content-type': 'application/json' })
    expect(request?.body).toBe(
      `{"entrypoint":"python train.py","submission_id":"${id}","metadata":{"job_name":"train","description":"epochs"},"runtime_env":{"env_vars":{"EPOCHS":"10"}},"entrypoint_num_cpus":4,"entrypoint_num_gpus":2,"entrypoint_memory":8589934592,"entrypoint_resources":{"accelerator_type:A100":0.001}}`,
    )
    expect(ray.job().plan(intent).body).toEqual(sent())
  })

  it('sends no authorization if the connection has no token', async () => {
    ray.stub.once(submit, accepted)
    await ray.open({}, {}).drivers.job?.create(ray.intent(), signal)
    expect(ray.stub.requests[0]?.headers).not.toHaveProperty('authorization')
  })

  it('prepends the path of the base URL', async () => {
    ray.stub.once('POST /ray/api/jobs/', accepted)
    await create({}, { baseUrl: `${ray.stub.url}/ray/` })
  })

  it.each<[Partial<JobSpec>, string]>([
    [{ command: ['python', "it's.py"] }, `exec python 'it'\\''s.py'`],
    [{ script: '#!/bin/sh\ntrue\n' }, '#!/bin/sh\ntrue\n'],
    [{ script: 'true', workingDirectory: '/srv/a b' }, "cd '/srv/a b' || exit 1\ntrue"],
  ])('runs %o in the shell', async (spec, entrypoint) => {
    ray.stub.once(submit, accepted)
    await create(spec)
    expect(sent().entrypoint).toBe(entrypoint)
  })

  it('sends a script of another interpreter unchanged in a here-document with a unique delimiter', async () => {
    ray.stub.once(submit, accepted)
    const script = '#!/usr/bin/env python3\nprint("SWITCHYARD_SCRIPT")\nSWITCHYARD_SCRIPT\n'
    await create({ script })
    const { entrypoint } = sent()
    expect(entrypoint).toContain(`<<'SWITCHYARD_SCRIPT_'\n${script}SWITCHYARD_SCRIPT_\n`)
    expect(entrypoint).toMatch(/\n\/usr\/bin\/env python3 "\$f"$/)
  })

  it('merges the runtime environment of the connection by key, unless the job has an image', async () => {
    const settings = { runtimeEnv: { workingDir: 's3://b/a.zip', pip: ['a'] } }
    ray.stub.on(submit, accepted)
    await create({ providerOptions: { ray: { runtimeEnv: { pip: ['b'] } } } }, settings)
    expect(sent().runtime_env).toEqual({ working_dir: 's3://b/a.zip', pip: ['b'] })
    await create({ image: 'ray:1', environmentVariables: { A: '1' } }, settings)
    expect(sent().runtime_env).toEqual({ image_uri: 'ray:1', env_vars: { A: '1' } })
  })
})

describe('Ray submit response', () => {
  it('with "already exists" succeeds', async () => {
    ray.stub.once(submit, alreadyExists)
    expect(await create()).toEqual({ remoteId: id })
  })

  it.each([
    [
      'an invalid request',
      400,
      'Traceback (most recent call last):\n  File "a", line 1, in validate_request_type\nTypeError: no\n',
    ],
    ['a missing token', 401, 'Unauthorized: Missing authentication token'],
    ['a wrong token', 403, 'Forbidden: Invalid authentication token'],
  ])('is a rejection for %s', async (_name, status, body) => {
    ray.stub.once(submit, text(status, body))
    expect(['invalid_request', 'unauthenticated']).toContain((await failureOf(create())).code)
  })

  it.each([
    [
      'an unexpected failure',
      500,
      'Traceback (most recent call last):\n  File "a", line 1, in b\nFileNotFoundError: c\n',
    ],
    [
      'a failure after the parser',
      400,
      'Traceback (most recent call last):\n  File "a", line 1, in b\nValueError: c\n',
    ],
    ['a missing agent', 500, 'No available agent to submit job, please try again later.'],
    ["a proxy's denial", 403, 'Forbidden'],
    ["a proxy's 404", 404, '404: Not Found'],
  ])('is an unknown outcome for %s', async (_name, status, body) => {
    ray.stub.once(submit, text(status, body))
    expect(['unavailable', 'outcome_unknown', 'bad_response']).toContain((await failureOf(create())).code)
  })

  it('with another id fails', async () => {
    ray.stub.once(submit, { body: { submission_id: 'raysubmit_1' } })
    expect((await failureOf(create())).code).toBe('bad_response')
  })

  it('discloses no variable, and only the exception of a traceback', async () => {
    const body = `Traceback (most recent call last):\n  File "/home/x.py", line 1, in validate_request_type\nTypeError: {'A': 's3cret-of-the-job'} ${token}\n`
    ray.stub.once(submit, text(400, body))
    const error = await failureOf(create({ environmentVariables: { A: 's3cret-of-the-job' } }))
    expect(error.message).toContain('TypeError: ')
    for (const hidden of ['s3cret-of-the-job', token, '/home/x.py']) expect(inspect(error)).not.toContain(hidden)
  })
})

describe('Ray job check', () => {
  const rules = (settings: object = {}) => ({ provider: 'ray', ...ray.job(settings) })
  const pointers = (spec: Partial<JobSpec>, settings: object = {}) =>
    checkSpec(rules(settings), { name: 'a', script: 'true', ...spec }).map(({ pointer }) => pointer)

  it.each<[string, Partial<JobSpec>, string]>([
    ["an entrypoint beyond Linux's length limit", { script: '한'.repeat(44_000) }, '/script'],
    ['several nodes', { resources: { nodes: 2 } }, '/resources/nodes'],
    ['another accelerator', { resources: { accelerator: { kind: 'dcu', count: 1 } } }, '/resources/accelerator/kind'],
    [
      'a GPU as a custom resource',
      { providerOptions: { ray: { resources: { GPU: 1 } } } },
      '/providerOptions/ray/resources/GPU',
    ],
    [
      'a reserved key',
      { providerOptions: { ray: { metadata: { job_name: 'b' } } } },
      '/providerOptions/ray/metadata/job_name',
    ],
    [
      'two package managers',
      { providerOptions: { ray: { runtimeEnv: { pip: ['a'], uv: ['a'] } } } },
      '/providerOptions/ray/runtimeEnv',
    ],
    [
      'an image with packages',
      { image: 'ray:1', providerOptions: { ray: { runtimeEnv: { pip: ['a'] } } } },
      '/providerOptions/ray/runtimeEnv',
    ],
  ])('rejects %s', (_name, spec, pointer) => {
    expect(pointers(spec)).toContain(pointer)
  })

  it('rejects a missing program', () => {
    expect(checkSpec(rules(), { name: 'a' })).toMatchObject([{ pointer: '/command' }])
  })

  it('rejects packages that contradict those of the connection', () => {
    const spec = { providerOptions: { ray: { runtimeEnv: { conda: 'base' } } } }
    expect(pointers(spec)).toEqual([])
    expect(pointers(spec, { runtimeEnv: { pip: ['a'] } })).toEqual(['/providerOptions/ray/runtimeEnv'])
  })
})
