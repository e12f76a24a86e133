import { beforeEach, describe, expect, it } from 'vitest'
import { forEachTest } from '../support/for-each-test.ts'
import { startDataforest } from './dataforest-sandbox.ts'
import { appExample, workspaceExample } from './ncp-client.ts'

const forest = forEachTest(startDataforest, ({ sandbox }) => sandbox.close())

const accountId = workspaceExample.accountId
const search = { search: { accountId } }

describe('Data Forest sandbox app', () => {
  let workspaceId: string
  beforeEach(async () => {
    workspaceId = await forest.createWorkspace()
  })

  it('returns the documented sample for a submit', async () => {
    const { json } = await forest.call('aiapps/submit', appExample(workspaceId))
    expect(json).toEqual({
      success: true,
      id: expect.stringMatching(/^[0-9A-Za-z]{21,22}$/),
      accountName: 'acct',
      name: expect.stringMatching(/^train-[a-z0-9]{4}-[a-z0-9]{4}$/),
      queueName: 'gpu',
      startedAt: '2026-01-05T09:00:00.000+09:00',
      finishedAt: '1970-01-01T09:00:00+09:00',
      elapsedMillis: 0,
      state: 'ACCEPTED',
      finalStatus: 'UNDEFINED',
    })
  })

  it('is ACCEPTED, RUNNING, then FINISHED with SUCCEEDED', async () => {
    const id = await forest.submit(workspaceId)
    expect(await forest.detail(id)).toMatchObject({ state: 'ACCEPTED', containers: {} })
    forest.time.ms += 200
    const running = await forest.detail(id)
    expect(running).toMatchObject({ state: 'RUNNING', finalStatus: 'UNDEFINED', elapsedMillis: 200 })
    expect(Object.values(running.containers)).toEqual([
      expect.objectContaining({ status: 'RUNNING', dockerImage: 'tensorflow:r2.3.1-py3', logUrl: expect.any(String) }),
    ])
    forest.time.ms += 5000
    expect(await forest.detail(id)).toMatchObject({
      state: 'FINISHED',
      finalStatus: 'SUCCEEDED',
      finishedAt: '2026-01-05T09:00:00.600+09:00',
      elapsedMillis: 600,
    })
  })

  it('is NEW and SUBMITTED first if these states have a duration', async () => {
    Object.assign(forest.sandbox.settings.dataforest, { newMs: 10, submittedMs: 10 })
    const id = await forest.submit(workspaceId)
    const states = [(await forest.detail(id)).state]
    for (const _step of [1, 2]) {
      forest.time.ms += 10
      states.push((await forest.detail(id)).state)
    }
    expect(states).toEqual(['NEW', 'SUBMITTED', 'ACCEPTED'])
  })

  it.each([
    ['python train.py && exit 3', 'FAILED'],
    ['false', 'FAILED'],
    ["sh -c 'exit 1'", 'FAILED'],
    ['exit 0', 'SUCCEEDED'],
    ['set -e\nfalse\necho done', 'FAILED'],
    ['python train.py --shuffle false', 'SUCCEEDED'],
  ])('ends the command %j with %s', async (command, finalStatus) => {
    const id = await forest.submit(workspaceId, command)
    forest.time.ms += 10_000
    expect(await forest.detail(id)).toMatchObject({ state: 'FINISHED', finalStatus })
  })

  it('runs for the duration of a sleep', async () => {
    const id = await forest.submit(workspaceId, 'sleep 60')
    forest.time.ms += 60_199
    expect((await forest.detail(id)).state).toBe('RUNNING')
    forest.time.ms += 1
    expect((await forest.detail(id)).state).toBe('FINISHED')
  })

  it('is killed shortly after the request', async () => {
    const id = await forest.submit(workspaceId, 'sleep 60')
    forest.time.ms += 1000
    expect((await forest.call('aiapps/kill', { id })).json).toEqual({ success: true, message: 'success', id })
    expect((await forest.detail(id)).state).toBe('RUNNING')
    forest.time.ms += 150
    expect(await forest.detail(id)).toMatchObject({ state: 'KILLED', finalStatus: 'KILLED', elapsedMillis: 1150 })
  })

  it('finishes normally if it ends before a kill takes effect', async () => {
    const id = await forest.submit(workspaceId)
    forest.time.ms += 500
    await forest.call('aiapps/kill', { id })
    forest.time.ms += 1000
    expect(await forest.detail(id)).toMatchObject({ state: 'FINISHED', finalStatus: 'SUCCEEDED', elapsedMillis: 600 })
  })

  it('accepts the kill of an ended app, unless strict', async () => {
    const id = await forest.submit(workspaceId)
    forest.time.ms += 1000
    expect((await forest.call('aiapps/kill', { id })).status).toBe(200)
    forest.sandbox.settings.dataforest.refuseKillOfEnded = true
    expect((await forest.call('aiapps/kill', { id })).status).toBe(400)
  })

  it('is listed with workspace and app id, without a total, after the lag', async () => {
    forest.sandbox.settings.dataforest.listLagMs = 1000
    const id = await forest.submit(workspaceId)
    expect(await forest.appIds()).toEqual([])
    expect((await forest.detail(id)).success).toBe(true)
    forest.time.ms += 1000
    const { json } = await forest.call('aiapps/getList', search)
    expect(json).not.toHaveProperty('total')
    expect(json.contents).toEqual([
      expect.objectContaining({
        id,
        workspaceName: 'api-test',
        appId: expect.stringMatching(/^application_\d+_\d{4}$/),
      }),
    ])
  })

  it.each([
    ['namePrefix', 'a'],
    ['namePrefix', 'ninechars'],
    ['queueName', undefined],
    ['data', undefined],
    ['resource', undefined],
    ['resource.gpuCount', 9],
    ['docker.env', { KEY: 1 }],
    ['docker.exposeTcpPorts', ['80']],
    ['docker.args', ['-x']],
    ['data.output', [{ overwrite: 'yes' }]],
  ])('rejects %s = %j', async (path, value) => {
    const body: Record<string, unknown> = appExample(workspaceId)
    const [outer = '', inner] = path.split('.')
    body[outer] = inner === undefined ? value : { ...(body[outer] as object), [inner]: value }
    const reply = await forest.call('aiapps/submit', body)
    expect(reply.status).toBe(400)
    expect(reply.json.message).toContain(`invalid request parameter (${path}`)
  })

  it('is rejected in a deleted workspace', async () => {
    await forest.call('aiworkspaces/delete', { id: workspaceId })
    const reply = await forest.call('aiapps/submit', appExample(workspaceId))
    expect(reply).toMatchObject({ status: 404, json: { message: 'no such element', success: false } })
  })

  it('counts against a configured quota until it ends', async () => {
    forest.sandbox.settings.dataforest.maxActiveApps = 1
    await forest.submit(workspaceId)
    const reply = await forest.call('aiapps/submit', appExample(workspaceId))
    expect(reply).toMatchObject({ status: 400, json: { message: 'exceeds a resource quota', success: false } })
    forest.time.ms += 1000
    expect((await forest.call('aiapps/submit', appExample(workspaceId))).status).toBe(200)
  })
})

describe('Data Forest sandbox API', () => {
  it('accepts unknown fields, unless configured otherwise', async () => {
    const body = { ...workspaceExample, colour: 'blue' }
    expect((await forest.call('aiworkspaces/create', body)).status).toBe(200)
    forest.sandbox.settings.dataforest.refuseUnknownFields = true
    const reply = await forest.call('aiworkspaces/create', { ...body, name: 'second' })
    expect(reply).toMatchObject({ status: 400, json: { message: expect.stringContaining("(colour, 'blue')") } })
  })

  it('requires a content type for the account list, and elsewhere if configured', async () => {
    const withoutContentType = { 'content-type': '' }
    expect((await forest.call('accounts/getList', {}, withoutContentType)).status).toBe(400)
    expect((await forest.call('aiapps/getList', search, withoutContentType)).status).toBe(200)
    forest.sandbox.settings.dataforest.requireContentType = true
    expect((await forest.call('aiapps/getList', search, withoutContentType)).status).toBe(400)
    expect((await forest.call('aiapps/getList', search, { 'content-type': 'text/plain' })).status).toBe(400)
  })

  it('lists the account, also for an empty body', async () => {
    const { json } = await forest.call('accounts/getList', '')
    expect(json).toMatchObject({
      success: true,
      total: 1,
      contents: [{ id: accountId, name: 'acct', status: 'RUNNING' }],
    })
  })

  it.each(['{"search":', '[]', 'null', '"text"'])('rejects the body %s', async (body) => {
    expect(await forest.call('aiapps/getList', body)).toMatchObject({ status: 400, json: { success: false } })
  })

  it('returns service errors with HTTP 200 if configured', async () => {
    forest.sandbox.settings.dataforest.errorsIn200 = true
    const reply = await forest.call('aiapps/getDetail', { id: 'nothing' })
    expect(reply).toMatchObject({ status: 200, json: { success: false, message: 'no such element' } })
  })

  it('retires its AI groups, not the accounts, if configured', async () => {
    forest.sandbox.settings.dataforest.isAiRetired = true
    expect(await forest.call('aiapps/getList', search)).toMatchObject({
      status: 404,
      json: { error: { errorCode: '300' } },
    })
    expect((await forest.call('accounts/getList', {})).status).toBe(200)
  })
})
