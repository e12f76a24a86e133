import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { isSwitchyardError, Switchyard } from '../src/index.ts'
import { apiKey, drop, job, json, problem, startService, stream } from './scripted-service.ts'

const fieldError = { in: 'body', pointer: '/resources/cpus', code: 'maximum', detail: 'At most 64.' }

async function errorOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => null,
    (error: unknown) => error,
  )
}

describe('an error response', () => {
  it('is an error with the fields of the problem, narrowed by its code', async () => {
    const more = { errors: [fieldError], provider: { id: 'slurm', httpStatus: 400 } }
    await using service = await startService(problem(422, 'unprocessable', more))
    const error = await errorOf(service.client().jobs.submit({ name: 'a' }))
    expect(error).toMatchObject({
      ...{ name: 'SwitchyardError', status: 422, code: 'unprocessable', title: 'Title of unprocessable' },
      ...{ detail: 'Detail of unprocessable.', errors: [fieldError], requestId: 'req-1', isRetryable: false },
      provider: { id: 'slurm' },
      message: 'Detail of unprocessable. (422 unprocessable, request req-1)\n  /resources/cpus: At most 64.',
    })
    expect(isSwitchyardError(error)).toBe(true)
    expect(isSwitchyardError(error, 'not_found')).toBe(false)
    if (!isSwitchyardError(error, 'unprocessable')) throw new Error('not narrowed')
    error.code satisfies 'unprocessable'
  })

  it.for([
    ['an HTML page of another server', json('<html>', 200, { 'content-type': 'text/html' }), 200, 'text/html'],
    ['a redirect', json('', 301, { location: 'https://example.com/' }), 301, 'with a redirect'],
    ['an error of a proxy', json('not found', 404, { 'content-type': 'text/plain' }), 404, 'text/plain'],
  ] as const)('has the code unexpected_response without problem details: %s', async ([, step, status, detail]) => {
    await using service = await startService(step)
    const error = await errorOf(service.client().jobs.get('job_1'))
    expect(error).toMatchObject({ status, code: 'unexpected_response', detail: expect.stringContaining(detail) })
  })
})

describe('the API key', () => {
  it('is absent from errors and inspections', async () => {
    await using service = await startService(drop, problem(401, 'unauthenticated'))
    const client = service.client({ maxRetries: 0 })
    const texts = [client, await errorOf(client.jobs.get('job_1')), await errorOf(client.jobs.get('job_1'))]
    const options = { depth: 20, showHidden: true, getters: true }
    expect(texts.map((value) => inspect(value, options).includes(apiKey))).toEqual([false, false, false])
    expect(JSON.stringify(client)).not.toContain(apiKey)
    expect(service.received[0]?.headers.authorization).toBe(`Bearer ${apiKey}`)
  })

  it('is rejected without being shown if it is not a valid header value', () => {
    const create = () => new Switchyard({ url: 'http://127.0.0.1', apiKey: 'sk_secret\n' })
    expect(create).toThrow('The API key is empty or contains spaces, line breaks or characters outside of ASCII.')
  })

  it('is requested before each attempt if it is a function', async () => {
    await using service = await startService(problem(503, 'unavailable'), json(job('running')))
    let count = 0
    await service.client({ apiKey: async () => `token-${++count}` }).jobs.get('job_1')
    expect(service.received.map(({ headers }) => headers.authorization)).toEqual(['Bearer token-1', 'Bearer token-2'])
  })
})

describe('the URL', () => {
  it('can have a path prefix', async () => {
    await using service = await startService(json({ data: [] }))
    await service
      .client({ url: `${service.url}/compute/v1/` })
      .jobs.list({ status: ['running', 'queued'] })
      .all()
    expect(service.received[0]?.url).toBe('/compute/v1/jobs?status=running&status=queued')
  })

  it.for([
    ['invalid', 'The URL of the service is not a valid http or https URL'],
    ['file:///etc/passwd', 'The URL of the service is not a valid http or https URL'],
    ['https://user:hunter2@example.com', 'The URL of the service, example.com, contains a user or password.'],
  ] as const)('is rejected if it is %s', ([url, message]) => {
    const create = () => new Switchyard({ url, apiKey })
    expect(create).toThrow(message)
    expect(create).not.toThrow('hunter2')
  })

  it('defaults to SWITCHYARD_URL and the key to SWITCHYARD_API_KEY', async () => {
    await using service = await startService(json(job('running')))
    const before = { ...process.env }
    Object.assign(process.env, { SWITCHYARD_URL: service.url, SWITCHYARD_API_KEY: 'sk_from_environment' })
    const client = new Switchyard()
    process.env = before
    await client.jobs.get('job_1')
    expect(service.received[0]?.headers.authorization).toBe('Bearer sk_from_environment')
    expect(() => new Switchyard({ apiKey })).toThrow('pass url, or set SWITCHYARD_URL')
    expect(() => new Switchyard({ url: service.url })).toThrow('pass apiKey, or set SWITCHYARD_API_KEY')
  })
})

it('additional headers are sent with every request, and fetch can be replaced', async () => {
  const headers: (string | null)[] = []
  const client = new Switchyard({
    url: 'http://switchyard.test',
    apiKey,
    headers: { 'x-team': 'vision' },
    fetch: async (request) => {
      headers.push(request.headers.get('x-team'))
      return Response.json(job('running'))
    },
  })
  expect(await client.jobs.get('job_1')).toMatchObject({ status: 'running' })
  expect(headers).toEqual(['vision'])
  await expect(client.http.GET('/jobs')).resolves.toMatchObject({ data: { status: 'running' } })
})

describe('the generated client', () => {
  const params = { path: { id: 'job_1' } }

  it('throws the same errors', async () => {
    await using service = await startService(
      problem(404, 'not_found'),
      json('<html>', 200, { 'content-type': 'text/html' }),
    )
    const { http } = service.client()
    await expect(http.GET('/jobs')).rejects.toMatchObject({ code: 'not_found' })
    await expect(http.GET('/jobs')).rejects.toMatchObject({ code: 'unexpected_response' })
  })

  it('reads text and streams', async () => {
    await using service = await startService(
      drop,
      (response) => void response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' }).end('größer\n'),
      stream([{ seq: 1 }], 'stays'),
    )
    const { http } = service.client()
    const logs = await http.GET('/jobs/{id}/logs/raw', { params, parseAs: 'text' })
    expect(logs.data).toBe('größer\n')
    const events = await http.GET('/jobs/{id}/events/stream', { params, parseAs: 'stream' })
    const first = await events.data?.getReader().read()
    expect(Buffer.from(first?.value ?? []).toString()).toContain('id: 1')
  })
})
