import { describe, expect, it } from 'vitest'
import { failureOf, missingJob, signal, startRayStubForEachTest, text, version } from './ray-stub.ts'

const ray = startRayStubForEachTest()
const verify = (credentials?: object) => ray.open({}, credentials).verify(signal)

describe('Ray verification', () => {
  it('reads the version and a job that does not exist', async () => {
    ray.stub.once('GET /api/version', version())
    ray.stub.once('GET /api/jobs/sy-verify', missingJob('sy-verify'))
    await verify()
  })

  it('reports a missing token and a token of another cluster', async () => {
    ray.stub.once('GET /api/version', text(401, 'Unauthorized: Missing authentication token'))
    const missingToken = await failureOf(verify({}))
    expect(missingToken).toMatchObject({ code: 'unauthenticated', field: 'credentials.token' })
    expect(missingToken.message).toContain('the connection has none')
    ray.stub.once('GET /api/version', text(403, 'Forbidden: Invalid authentication token'))
    const wrongToken = await failureOf(verify())
    expect(wrongToken).toMatchObject({ code: 'unauthenticated', field: 'credentials.token' })
    expect(wrongToken.message).toContain('another cluster')
  })

  it.each([
    ['another service', 200, '<html></html>'],
    ['a wrong path', 404, '404: Not Found'],
    ['another JSON document', 200, '{}'],
  ])('reports the base URL for %s', async (_name, status, body) => {
    ray.stub.once('GET /api/version', text(status, body))
    expect(await failureOf(verify())).toMatchObject({ code: 'bad_response', field: 'settings.baseUrl' })
  })

  it('reports a head without the Jobs API', async () => {
    ray.stub.once('GET /api/version', version())
    ray.stub.once('GET /api/jobs/sy-verify', text(404, '404: Not Found'))
    const error = await failureOf(verify())
    expect(error).toMatchObject({ code: 'bad_response', field: 'settings.baseUrl' })
    expect(error.message).toContain('ray[default]')
  })
})
