import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { useStubServer } from '../../support/stub-server.ts'
import { type Switchyard, startSwitchyard } from '../../support/switchyard.ts'
import { useTestDatabase } from '../../support/test-database.ts'

let strict: Switchyard

const database = await useTestDatabase()
const stub = await useStubServer()

beforeAll(async () => {
  strict = await start([])
})

afterAll(async () => {
  await strict.stop()
})

const start = (egressAllow: readonly string[]) =>
  startSwitchyard({ databaseUrl: database.url, redis: null, settings: { egressAllow } })

let connectionCount = 0
const connection = (baseUrl: string) => {
  connectionCount += 1
  return {
    name: `connection-${connectionCount}`,
    settings: { dataforest: { baseUrl, accountId: '6COytUeFj7b8eOhq2L5zL' } },
    credentials: { dataforest: { accessKey: 'an-access-key', secretKey: 'a-secret-key' } },
  }
}

describe('connection egress rules', () => {
  it.each([
    'http://api.example.com',
    'https://127.0.0.1:8443',
    'https://169.254.169.254/latest',
    'https://[fd00::1]',
    'https://localhost',
    'https://user:word@api.example.com',
  ])('reject %s on create with the pointer of the URL', async (baseUrl) => {
    const { status, body } = await strict.api.call('POST', '/connections', { body: connection(baseUrl) })
    expect(status).toBe(422)
    expect(body).toMatchObject({
      code: 'unprocessable',
      errors: [{ in: 'body', pointer: '/settings/dataforest/baseUrl', code: 'egress_denied' }],
    })
  })

  it('cover every URL in the settings and derived URLs', async () => {
    const settings = { region: 'eu-de', projectId: 'p', iamUrl: 'https://10.0.0.1' }
    const credentials = { modelarts: { accessKey: 'a', secretKey: 'b' } }
    const create = (more: object) =>
      strict.api.call('POST', '/connections', {
        body: { name: 'ma', settings: { modelarts: { ...settings, ...more } }, credentials },
      })
    expect((await create({})).body).toMatchObject({ errors: [{ pointer: '/settings/modelarts/iamUrl' }] })
    const derived = await create({ iamUrl: 'https://iam.example.com', domain: 'x.localhost' })
    expect(derived.body).toMatchObject({ errors: [{ pointer: '/settings/modelarts' }] })
  })

  it('reject a denied URL on update', async () => {
    const created = await strict.api.ok('POST', '/connections', connection('https://api.example.com'))
    const { status, body } = await strict.api.call('PATCH', `/connections/${created.id}`, {
      body: { settings: { dataforest: { baseUrl: 'https://10.0.0.1' } } },
    })
    expect(status).toBe(422)
    expect(JSON.stringify(body)).toContain('/settings')
  })

  it('apply at call time, pause the connection and send nothing', async () => {
    const lenient = await start(['127.0.0.1'])
    const created = await lenient.api.ok('POST', '/connections', connection(stub.url))
    await lenient.stop()
    expect(await strict.api.ok('POST', `/connections/${created.id}/verify`)).toMatchObject({
      ok: false,
      code: 'egress_denied',
      message: expect.stringContaining('EGRESS_ALLOW'),
    })
    const environment = await strict.api.ok('POST', '/environments', {
      connectionId: created.id,
      name: 'ws',
      image: 'tensorflow:r2.3.1-py3',
      command: ['ls'],
    })
    const path = `/environments/${environment.id}`
    const waiting = await strict.api.until(path, ({ statusReason }) => statusReason === 'egress_denied')
    expect(waiting).toMatchObject({ status: 'queued' })
    expect(await strict.api.ok('GET', `/connections/${created.id}`)).toMatchObject({ pauseReason: 'egress_denied' })
    expect(stub.requests).toEqual([])
  })
})
