import { once } from 'node:events'
import { connect } from 'node:net'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { useApiBench } from '../support/api-bench.ts'
import { document, operations } from '../support/contract.ts'
import { expectProblem } from '../support/problems.ts'
import { quickSettings, testApiKey } from '../support/switchyard.ts'

const edge = { ...quickSettings.edge, corsOrigins: ['https://app.example'] }

const bench = await useApiBench({ settings: { edge } })

/** Bytes as they are, and all that comes back until the server closes. */
async function sendBytes(bytes: string | Buffer): Promise<{ status: number; headers: Headers; body: unknown }> {
  const socket = connect(Number(new URL(bench.url).port), '127.0.0.1')
  let text = ''
  socket.setEncoding('utf8').on('data', (chunk) => {
    text += chunk
  })
  socket.write(bytes)
  await once(socket, 'close')
  const [head = '', body = ''] = text.split('\r\n\r\n')
  const [line = '', ...fields] = head.split('\r\n')
  const headers = new Headers(fields.map((field) => field.split(': ', 2) as [string, string]))
  return { status: Number(line.split(' ')[1]), headers, body: JSON.parse(body) }
}

function expectPlainHeaders({ headers }: { headers: Headers }): void {
  expect(headers.get('cache-control')).toBe('no-store')
  expect(headers.get('x-content-type-options')).toBe('nosniff')
}

describe('a method that a path does not take', () => {
  const methodsOf = (path: string) =>
    Object.entries(document.paths).flatMap(([known, methods]) =>
      known.replace(/\{\w+\}/, 'job_01h455vb4pex5vsknk084sn02q') === path ? Object.keys(methods) : [],
    )

  it.each([...new Set(operations.map(({ path }) => path.replace(/\{\w+\}/, 'job_01h455vb4pex5vsknk084sn02q')))])(
    'is answered with 405 and what %s does take',
    async (path) => {
      const answer = await bench.api.call('PUT', path)
      expect(answer).toMatchObject({ status: 405, body: { code: 'method_not_allowed' } })
      expectProblem(answer, answer.body)
      const allowed = answer.headers.get('allow')?.toLowerCase().split(', ')
      expect(allowed?.filter((method) => method !== 'head').toSorted()).toEqual(methodsOf(path).toSorted())
    },
  )

  it('is 405 too where the word in place of an id is a route of its own', async () => {
    for (const path of [
      '/jobs/preview',
      '/jobs/batch',
      '/jobs/batch-cancel',
      '/environments/preview',
      '/environments/import',
    ]) {
      for (const method of ['GET', 'PATCH', 'DELETE']) {
        const answer = await bench.api.call(method, path, method === 'GET' ? {} : { body: {} })
        expect(answer, `${method} ${path}`).toMatchObject({ status: 405, body: { code: 'method_not_allowed' } })
        expect(answer.headers.get('allow')).toBe('POST')
      }
    }
  })

  it('is no hindrance to a browser that asks first', async () => {
    const headers = { origin: 'https://app.example', 'access-control-request-method': 'POST' }
    const answer = await bench.api.call('OPTIONS', '/jobs/preview', { headers })
    expect(answer.status).toBe(204)
  })

  it.each([
    ['PUT', '/docs', 'GET, HEAD'],
    ['PUT', '/docs/', 'GET, HEAD'],
    ['OPTIONS', '/docs/', 'GET, HEAD'],
    ['DELETE', '/docs/js/scalar.js', 'GET, HEAD'],
    ['OPTIONS', '/jobs', 'GET, HEAD, POST'],
  ])('is answered with what a path that is not of the contract takes: %s %s', async (method, path, allow) => {
    const answer = await bench.api.call(method, path)
    expect(answer).toMatchObject({ status: 405, body: { code: 'method_not_allowed' } })
    expectProblem(answer, answer.body)
    expect(answer.headers.get('allow')).toBe(allow)
    expect((await bench.api.call('OPTIONS', '/nothing')).status).toBe(404)
  })

  it('is 404 where there is no such path for any method', async () => {
    for (const path of ['/nothing', '/jobs/', '/jobs/x/y/z', '/JOBS', '/%2e%2e/etc/passwd']) {
      const answer = await bench.api.call('POST', path)
      expect(answer, path).toMatchObject({ status: 404, body: { code: 'not_found' } })
      expectProblem(answer, answer.body)
    }
  })
})

describe('a request that never reaches a route', () => {
  it.each<readonly [string, string, number]>([
    ['a path that is no URL', 'GET /jobs/%zz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n', 400],
    [
      'a parameter that is too long',
      `GET /jobs/${'x'.repeat(1000)} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
      400,
    ],
    ['no HTTP at all', 'hello\r\n\r\n', 400],
    ['two lengths', 'POST /jobs HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n', 400],
    [
      'length and chunks',
      'POST /jobs HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
      400,
    ],
    ['a header with a NUL byte', 'GET /jobs HTTP/1.1\r\nHost: a\r\nPrefer: a\u0000b\r\n\r\n', 400],
    ['headers without end', `GET /jobs HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
    ['a path without end', `GET /${'x'.repeat(20_000)} HTTP/1.1\r\nHost: a\r\n\r\n`, 431],
    ['no host', 'GET /livez HTTP/1.1\r\nConnection: close\r\n\r\n', 400],
    ...[
      'a, b',
      'a,b',
      'a/b?c@d',
      'user@a',
      'a b',
      'a:b',
      'a:80:80',
      '[::1',
      '[a]',
      '[::1]x',
      'a%zz',
      'a"',
      'http://a',
    ].map(
      (host) => [`the host ${host}`, `GET /livez HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`, 400] as const,
    ),
    ['two hosts', 'GET /livez HTTP/1.1\r\nHost: a\r\nhost: a\r\nConnection: close\r\n\r\n', 400],
    [
      'two keys',
      'GET /jobs HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer a\r\nAuthorization: Bearer b\r\nConnection: close\r\n\r\n',
      400,
    ],
    [
      'two types of a body',
      'POST /jobs HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Type: text/plain\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}',
      400,
    ],
    [
      'an expectation that is not met',
      'GET /livez HTTP/1.1\r\nHost: a\r\nExpect: tea\r\nConnection: close\r\n\r\n',
      417,
    ],
    ['a tunnel', 'CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n', 405],
  ])('is answered with a problem too: %s', async (_, bytes, status) => {
    const answer = await sendBytes(bytes)
    expect(answer.status).toBe(status)
    expectProblem(answer, answer.body)
    expectPlainHeaders(answer)
  })
})

it.each(['a', 'a.example:8080', '127.0.0.1', '[::1]:80', '[2001:db8::1]', 'my_host', 'a%20b', 'a:', ''])(
  'takes a request to the host %j',
  async (host) => {
    expect((await sendBytes(`GET /livez HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)).status).toBe(200)
  },
)

it('takes a request of HTTP/1.0 without a host', async () => {
  expect((await sendBytes('GET /livez HTTP/1.0\r\n\r\n')).status).toBe(200)
})

it('lets a client that goes on sending read why its request was refused', async () => {
  const socket = connect({ port: Number(new URL(bench.url).port), host: '127.0.0.1', allowHalfOpen: true })
  let text = ''
  socket.setEncoding('utf8').on('data', (chunk) => {
    text += chunk
  })
  socket.end(`GET /jobs HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(2_000_000)}\r\n\r\n`)
  await once(socket, 'close')
  expect(text).toMatch(/^HTTP\/1\.1 431 [\s\S]*\}$/)
})

it('takes a verb whose client names the type of a body that it does not send', async () => {
  const body = {
    name: 'service',
    connectionId: bench.connections.aitems,
    providerOptions: { aitems: { serviceType: 'batch' } },
  }
  const { id } = await bench.api.ok('POST', '/environments', body)
  const answer = await bench.api.call('DELETE', `/environments/${id}`, {
    headers: { 'content-type': 'application/json' },
  })
  expect(answer.status).toBe(202)
})

it('takes JSON whose client says that it is UTF-8, in whatever spelling, and keeps every character', async () => {
  for (const type of ['application/json; charset=UTF-8', 'application/json;charset="utf-8"', 'Application/JSON']) {
    const answer = await bench.api.call('POST', '/projects', {
      body: { name: 'a', quota: { 'ключ €𝄞': 1 } },
      headers: { 'content-type': type },
    })
    expect(answer, type).toMatchObject({ status: 400, body: { errors: [{ pointer: '/quota/ключ €𝄞' }] } })
  }
})

describe('a body in a coding', () => {
  const post = (headers: string, body: Buffer | string) => {
    const head = `POST /projects HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${testApiKey}\r\nContent-Type: application/json\r\nConnection: close\r\n`
    return sendBytes(Buffer.concat([Buffer.from(`${head}${headers}\r\n\r\n`), Buffer.from(body)]))
  }
  const zipped = gzipSync('{"name":"zipped"}')
  const chunked = Buffer.concat([
    Buffer.from(`${zipped.length.toString(16)}\r\n`),
    zipped,
    Buffer.from('\r\n0\r\n\r\n'),
  ])

  it.each([
    ['gzip', `Content-Encoding: gzip\r\nContent-Length: ${zipped.length}`, zipped],
    ['gzip', `Content-Encoding: identity, GZIP\r\nTransfer-Encoding: chunked`, chunked],
    ['gzip', `Transfer-Encoding: gzip, chunked`, chunked],
    ['br', `Content-Encoding: br\r\nContent-Length: 2`, '{}'],
  ])('%s is refused with 415 and what is taken: %s', async (coding, headers, body) => {
    const answer = await post(headers, body)
    expect(answer).toMatchObject({ status: 415, body: { code: 'unsupported_media_type' } })
    expect((answer.body as { detail: string }).detail.toLowerCase()).toContain(coding)
    expect(answer.headers.get('accept-encoding')).toBe('identity')
    expectProblem(answer, answer.body)
  })

  it('that changes nothing is taken', async () => {
    const body = '{"name":"as-it-is"}'
    expect((await post(`Content-Encoding: identity\r\nContent-Length: ${body.length}`, body)).status).toBe(201)
  })
})

describe('every answer', () => {
  it('carries the id that the client gave the request, if it is one to put into a log', async () => {
    const ask = async (id: string) => {
      const { headers } = await bench.api.call('GET', '/jobs', { headers: { 'x-request-id': id } })
      return headers.get('x-request-id')
    }
    expect(await ask('abc-1.2_3')).toBe('abc-1.2_3')
    for (const id of ['a b', 'x'.repeat(129), '{"a":1}']) expect(await ask(id)).toMatch(/^[0-9a-f-]{36}$/)
  })

  it('shows every header that the contract tells of to a page that may call, and none to another', async () => {
    const exposedTo = async (origin: string) => {
      const { headers } = await bench.api.call('GET', '/jobs', { headers: { origin } })
      return headers.get('access-control-allow-origin') === origin ? headers.get('access-control-expose-headers') : null
    }
    const exposed = (await exposedTo('https://app.example'))?.toLowerCase().split(', ')
    const told = operations.flatMap(({ answerHeaders }) => Object.values(answerHeaders).flat())
    expect(exposed).toEqual(expect.arrayContaining(told))
    expect(told).toContain('preference-applied')
    expect(await exposedTo('https://other.example')).toBeNull()
  })

  it('is not for caches, and not to be guessed at', async () => {
    for (const path of ['/jobs', '/nothing', '/livez']) expectPlainHeaders(await bench.api.call('GET', path))
  })
})
