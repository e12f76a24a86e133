import { describe, expect, it } from 'vitest'
import { failureOf, missing, signal, startRayStubForEachTest, text, version } from './ray-stub.ts'

const ray = startRayStubForEachTest()
const verify = (credentials?: object) => ray.open({}, credentials).verify(signal)

describe('the check of a connection to Ray', () => {
  it('reads the version, and a job that does not exist', async () => {
    ray.stub.once('GET /api/version', version())
    ray.stub.once('GET /api/jobs/sy-verify', missing('sy-verify'))
    await verify()
  })

  it('says that a token is missing, or of another cluster', async () => {
    ray.stub.once('GET /api/version', text(401, 'Unauthorized: Missing authentication token'))
    const none = await failureOf(verify({}))
    expect(none).toMatchObject({ code: 'unauthenticated', field: 'credentials.token' })
    expect(none.message).toContain('the connection has none')
    ray.stub.once('GET /api/version', text(403, 'Forbidden: Invalid authentication token'))
    const other = await failureOf(verify())
    expect(other).toMatchObject({ code: 'unauthenticated', field: 'credentials.token' })
    expect(other.message).toContain('another cluster')
  })

  it.each([
    ['another service', 200, '<html></html>'],
    ['a wrong path', 404, '404: Not Found'],
    ['another JSON', 200, '{}'],
  ])('says that the address is wrong: %s', async (_name, status, body) => {
    ray.stub.once('GET /api/version', text(status, body))
    expect(await failureOf(verify())).toMatchObject({ code: 'bad_response', field: 'settings.baseUrl' })
  })

  it('says that a head has no Jobs API', async () => {
    ray.stub.once('GET /api/version', version())
    ray.stub.once('GET /api/jobs/sy-verify', text(404, '404: Not Found'))
    const error = await failureOf(verify())
    expect(error).toMatchObject({ code: 'bad_response', field: 'settings.baseUrl' })
    expect(error.message).toContain('ray[default]')
  })
})
