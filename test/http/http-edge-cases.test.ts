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

/** Sends raw bytes and reads until the server closes the connection. */
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

describe('an unsupported method', () => {
  const methodsOf = (path: string) =>
    Object.entries(document.paths).flatMap(([known, methods]) =>
      known.replace(/\{\w+\}/, 'job_01h455vb4pex5vsknk084sn02q') === path ? Object.keys(methods) : [],
    )

  it.each([...new Set(operations.map(({ path }) => path.replace(/\{\w+\}/, 'job_01h455vb4pex5vsknk084sn02q')))])(
    'returns 405 with the allowed methods of %s',
    async (path) => {
      const response = await bench.api.call('PUT', path)
      expect(response).toMatchObject({ status: 405, body: { code: 'method_not_allowed' } })
      expectProblem(response, response.body)
      const allowed = response.headers.get('allow')?.toLowerCase().split(', ')
      expect(allowed?.filter((method) => method !== 'head').toSorted()).toEqual(methodsOf(path).toSorted())
    },
  )

  it('returns 405 for a static path in the position of an id', async () => {
    for (const path of [
      '/jobs/preview',
      '/jobs/import',
      '/jobs/batch',
      '/jobs/batch-cancel',
      '/environments/preview',
      '/environments/import',
    ]) {
      for (const method of ['GET', 'PATCH', 'DELETE']) {
        const response = await bench.api.call(method, path, method === 'GET' ? {} : { body: {} })
        expect(response, `${method} ${path}`).toMatchObject({ status: 405, body: { code: 'method_not_allowed' } })
        expect(response.headers.get('allow')).toBe('POST')
      }
    }
  })

  it('allows a CORS preflight of a POST route', async () => {
    const headers = { origin: 'https://app.example', 'access-control-request-method': 'POST' }
    const response = await bench.api.call('OPTIONS', '/jobs/preview', { headers })
    expect(response.status).toBe(204)
  })

  it.each([
    ['PUT', '/docs', 'GET, HEAD'],
    ['PUT', '/docs/', 'GET, HEAD'],
    ['OPTIONS', '/docs/', 'GET, HEAD'],
    ['DELETE', '/docs/js/scalar.js', 'GET, HEAD'],
    ['OPTIONS', '/jobs', 'GET, HEAD, POST'],
  ])('returns 405 with the allowed methods for %s %s', async (method, path, allow) => {
    const response = await bench.api.call(method, path)
    expect(response).toMatchObject({ status: 405, body: { code: 'method_not_allowed' } })
    expectProblem(response, response.body)
    expect(response.headers.get('allow')).toBe(allow)
    expect((await bench.api.call('OPTIONS', '/nothing')).status).toBe(404)
  })

  it('returns 404 for a path that no method supports', async () => {
    for (const path of ['/nothing', '/jobs/', '/jobs/x/y/z', '/JOBS', '/%2e%2e/etc/passwd']) {
      const response = await bench.api.call('POST', path)
      expect(response, path).toMatchObject({ status: 404, body: { code: 'not_found' } })
      expectProblem(response, response.body)
    }
  })
})

describe('a malformed HTTP request', () => {
  it.each<readonly [string, string, number]>([
    ['an invalid URL path', 'GET /jobs/%zz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n', 400],
    [
      'a path parameter above the length limit',
      `GET /jobs/${'x'.repeat(1000)} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
      400,
    ],
    ['bytes other than HTTP', 'hello\r\n\r\n', 400],
    [
      'two Content-Length headers',
      'POST /jobs HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
      400,
    ],
    [
      'Content-Length and Transfer-Encoding',
      'POST /jobs HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
      400,
    ],
    ['a header with a NUL byte', 'GET /jobs HTTP/1.1\r\nHost: a\r\nPrefer: a\u0000b\r\n\r\n', 400],
    ['oversized headers', `GET /jobs HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
    ['an oversized path', `GET /${'x'.repeat(20_000)} HTTP/1.1\r\nHost: a\r\n\r\n`, 431],
    ['no Host header', 'GET /livez HTTP/1.1\r\nConnection: close\r\n\r\n', 400],
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
      (host) =>
        [`the invalid host ${host}`, `GET /livez HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`, 400] as const,
    ),
    ['two Host headers', 'GET /livez HTTP/1.1\r\nHost: a\r\nhost: a\r\nConnection: close\r\n\r\n', 400],
    [
      'two Authorization headers',
      'GET /jobs HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer a\r\nAuthorization: Bearer b\r\nConnection: close\r\n\r\n',
      400,
    ],
    [
      'two Content-Type headers',
      'POST /jobs HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Type: text/plain\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}',
      400,
    ],
    ['an unsupported expectation', 'GET /livez HTTP/1.1\r\nHost: a\r\nExpect: tea\r\nConnection: close\r\n\r\n', 417],
    ['a CONNECT request', 'CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n', 405],
  ])('returns a problem for %s', async (_, bytes, status) => {
    const response = await sendBytes(bytes)
    expect(response.status).toBe(status)
    expectProblem(response, response.body)
    expectPlainHeaders(response)
  })
})

it.each(['a', 'a.example:8080', '127.0.0.1', '[::1]:80', '[2001:db8::1]', 'my_host', 'a%20b', 'a:', ''])(
  'a request to the host %j is accepted',
  async (host) => {
    expect((await sendBytes(`GET /livez HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)).status).toBe(200)
  },
)

it('an HTTP/1.0 request without a host is accepted', async () => {
  expect((await sendBytes('GET /livez HTTP/1.0\r\n\r\n')).status).toBe(200)
})

it('a client that continues sending receives the error response', async () => {
  const socket = connect({ port: Number(new URL(bench.url).port), host: '127.0.0.1', allowHalfOpen: true })
  let text = ''
  socket.setEncoding('utf8').on('data', (chunk) => {
    text += chunk
  })
  socket.end(`GET /jobs HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(2_000_000)}\r\n\r\n`)
  await once(socket, 'close')
  expect(text).toMatch(/^HTTP\/1\.1 431 [\s\S]*\}$/)
})

it('a DELETE with a content type and no body is accepted', async () => {
  const body = {
    name: 'service',
    connectionId: bench.connections.aitems,
    providerOptions: { aitems: { serviceType: 'batch' } },
  }
  const { id } = await bench.api.ok('POST', '/environments', body)
  const response = await bench.api.call('DELETE', `/environments/${id}`, {
    headers: { 'content-type': 'application/json' },
  })
  expect(response.status).toBe(202)
})

it('JSON with any spelling of the UTF-8 charset is accepted unchanged', async () => {
  for (const type of ['application/json; charset=UTF-8', 'application/json;charset="utf-8"', 'Application/JSON']) {
    const response = await bench.api.call('POST', '/projects', {
      body: { name: 'a', quota: { 'ключ €𝄞': 1 } },
      headers: { 'content-type': type },
    })
    expect(response, type).toMatchObject({ status: 400, body: { errors: [{ pointer: '/quota/ключ €𝄞' }] } })
  }
})

describe('Content-Encoding of a request', () => {
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
  ])('returns 415 for %s with the accepted encodings: %s', async (coding, headers, body) => {
    const response = await post(headers, body)
    expect(response).toMatchObject({ status: 415, body: { code: 'unsupported_media_type' } })
    expect((response.body as { detail: string }).detail.toLowerCase()).toContain(coding)
    expect(response.headers.get('accept-encoding')).toBe('identity')
    expectProblem(response, response.body)
  })

  it('accepts identity', async () => {
    const body = '{"name":"identity"}'
    expect((await post(`Content-Encoding: identity\r\nContent-Length: ${body.length}`, body)).status).toBe(201)
  })
})

describe('every response', () => {
  it('returns the x-request-id of the client if it is safe to log', async () => {
    const returnedId = async (id: string) => {
      const { headers } = await bench.api.call('GET', '/jobs', { headers: { 'x-request-id': id } })
      return headers.get('x-request-id')
    }
    expect(await returnedId('abc-1.2_3')).toBe('abc-1.2_3')
    for (const id of ['a b', 'x'.repeat(129), '{"a":1}']) expect(await returnedId(id)).toMatch(/^[0-9a-f-]{36}$/)
  })

  it('exposes all documented headers to allowed origins only', async () => {
    const exposedTo = async (origin: string) => {
      const { headers } = await bench.api.call('GET', '/jobs', { headers: { origin } })
      return headers.get('access-control-allow-origin') === origin ? headers.get('access-control-expose-headers') : null
    }
    const exposed = (await exposedTo('https://app.example'))?.toLowerCase().split(', ')
    const documented = operations.flatMap(({ responseHeaders }) => Object.values(responseHeaders).flat())
    expect(exposed).toEqual(expect.arrayContaining(documented))
    expect(documented).toContain('preference-applied')
    expect(await exposedTo('https://other.example')).toBeNull()
  })

  it('disables caching and content type sniffing', async () => {
    for (const path of ['/jobs', '/nothing', '/livez']) expectPlainHeaders(await bench.api.call('GET', path))
  })
})
