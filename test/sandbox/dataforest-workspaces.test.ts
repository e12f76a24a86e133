import { describe, expect, it } from 'vitest'
import { forEachTest } from '../support/for-each-test.ts'
import { startDataforest } from './dataforest-sandbox.ts'
import { post, workspaceExample } from './ncp-client.ts'

const forest = forEachTest(startDataforest, ({ sandbox }) => sandbox.close())

const accountId = workspaceExample.accountId
const search = { search: { accountId } }

describe('Data Forest sandbox workspace', () => {
  it('accepts the documented example and returns only an id', async () => {
    const { status, json } = await forest.call('aiworkspaces/create', workspaceExample)
    expect(status).toBe(200)
    expect(json).toEqual({ success: true, id: expect.stringMatching(/^[0-9A-Za-z]{21,22}$/) })
  })

  it('rejects a slash in the image with the documented message', async () => {
    const configuration = {
      ...workspaceExample.configuration,
      docker: { ...workspaceExample.configuration.docker, image: 'tensorflow/r2.3.1-py3' },
    }
    const reply = await forest.call('aiworkspaces/create', { ...workspaceExample, configuration })
    expect(reply.status).toBe(400)
    expect(reply.json).toEqual({
      message:
        'invalid request parameter (configuration.docker.image, \'tensorflow/r2.3.1-py3\'). "^(dataforest/)?([a-z0-9._-]{1,30}):([a-z0-9._-]{1,20})$"와 일치해야 합니다',
      success: false,
    })
  })

  it.each(['Api', 'a--b', 'ab-', '1ab', 'a'.repeat(16), ''])('rejects the name %j', async (name) => {
    const reply = await forest.call('aiworkspaces/create', { ...workspaceExample, name })
    expect(reply.status).toBe(400)
    expect(reply.json.message).toContain(`invalid request parameter (name, '${name}').`)
  })

  it.each([
    [{ ...workspaceExample, accountId: undefined }, "(accountId, 'null')"],
    [{ ...workspaceExample, configuration: undefined }, "(configuration, 'null')"],
    [{ ...workspaceExample, configuration: { docker: { image: 'a:b' } } }, "(configuration.docker.command, 'null')"],
    [{ ...workspaceExample, description: 'x'.repeat(256) }, '(description,'],
    [{ ...workspaceExample, name: 7 }, "(name, '7')"],
  ])('reports the invalid field (case %#)', async (body, field) => {
    const reply = await forest.call('aiworkspaces/create', body)
    expect(reply).toMatchObject({ status: 400, json: { success: false, message: expect.stringContaining(field) } })
  })

  it('rejects a name until the workspace that has it is deleted', async () => {
    const id = await forest.createWorkspace()
    expect((await forest.call('aiworkspaces/create', workspaceExample)).status).toBe(400)
    const isAvailable = async () =>
      (await forest.call('aiworkspaces/checkAvailableName', { accountId, name: 'api-test' })).json.availableName
    expect(await isAvailable()).toBe(false)
    expect((await forest.call('aiworkspaces/delete', { id })).json).toEqual({ success: true, id })
    expect(await isAvailable()).toBe(true)
  })

  it('stores every configuration and returns them without workdir', async () => {
    const id = await forest.createWorkspace()
    forest.time.ms += 1000
    const configuration = { docker: { image: 'pytorch:r1.7.0-py3', command: 'true', workdir: '/root/' } }
    await forest.call('aiworkspaces/setConfiguration', { id, configuration })
    const { json } = await forest.call('aiworkspaces/getDetail', { id })
    expect(json).toMatchObject({ id, name: 'api-test', accountId, accountName: 'acct', imageVersion: 'r1.7.0-py3' })
    expect(json.createdAt).toBe('2026-01-05T09:00:00.000+09:00')
    expect(json.modifiedAt).toBe('2026-01-05T09:00:01.000+09:00')
    expect(json.contents).toHaveLength(2)
    expect(json.contents[1].configuration.docker).toEqual({ image: 'pytorch:r1.7.0-py3', command: 'true' })
    const list = await forest.call('aiworkspaces/getConfigurationList', { id })
    expect(list.json).toMatchObject({ total: 2, contents: json.contents })
  })

  it('is listed by the nested filter only', async () => {
    const id = await forest.createWorkspace()
    const { json } = await forest.call('aiworkspaces/getList', search)
    expect(json).toMatchObject({ success: true, total: 1, contents: [{ id, description: 'test', disabled: false }] })
    expect((await forest.call('aiworkspaces/getList', { accountId })).status).toBe(400)
  })

  it('has a catalog of images as a map of lists', async () => {
    const { json } = await forest.call('aiworkspaces/getDockerImageList', { search: { typeName: 'tensorflow' } })
    expect(json.dockerImages.tensorflow).toContain('tensorflow:r2.3.1-py3')
    const rejected = await forest.call('aiworkspaces/getDockerImageList', { search: { typeName: 'caffe' } })
    expect(rejected.status).toBe(400)
  })

  it('returns 404 for an unknown account or workspace, and 403 for a foreign one', async () => {
    const [other] = forest.sandbox.otherAccounts.dataforest
    const id = await forest.createWorkspace()
    const otherCaller = { ...forest.caller, ...other }
    const unknown = { ...workspaceExample, accountId: 'nobody' }
    const foreign = { ...workspaceExample, accountId: other?.accountId }
    expect(await forest.call('aiworkspaces/create', unknown)).toMatchObject({
      status: 404,
      json: { message: 'no such element', success: false },
    })
    expect(await forest.call('aiworkspaces/create', foreign)).toMatchObject({
      status: 403,
      json: { message: 'not allowed to access', success: false },
    })
    expect((await forest.call('aiworkspaces/getDetail', { id: 'nothing' })).status).toBe(404)
    expect((await post(otherCaller, '/api/v2/aiworkspaces/getDetail', { id })).status).toBe(403)
  })
})
