import { afterAll, beforeAll, expect, it } from 'vitest'
import { type ApiBench, startApiBench } from '../support/api-bench.ts'
import type { CallOptions } from '../support/api-caller.ts'
import { document, operations } from '../support/contract.ts'

/** Headers that the contract does not declare. */
const undeclaredHeaders: ReadonlySet<string> = new Set([
  ...['cache-control', 'connection', 'content-length', 'content-type', 'date', 'keep-alive', 'transfer-encoding'],
  ...['vary', 'x-content-type-options'],
])

const limits = ['ratelimit', 'ratelimit-policy']

let bench: ApiBench
let jobId: string
const key = { headers: { 'idempotency-key': 'headers-1' } }
const jobPath = () => `/jobs/${jobId}`
const job = { provider: 'slurm', name: 'hello', script: '#!/bin/sh\nenv\n' }

beforeAll(async () => {
  bench = await startApiBench()
  jobId = (await bench.api.call('POST', '/jobs', { body: job, ...key })).body.id
})
afterAll(() => bench?.stop())

/** Sends a request to an operation. Returns the names of the headers sent and those declared for the status. */
async function headersOf(id: string, path: string, options: CallOptions = {}) {
  const operation = operations.find((each) => each.id === id)
  const { status, headers } = await bench.api.call(operation?.method ?? '', path, options)
  const sent = [...headers.keys()].filter((name) => !undeclaredHeaders.has(name))
  return { status, sent, declared: operation?.responseHeaders[status] ?? [] }
}

const withoutKey = { headers: { authorization: 'Bearer none' } }

interface Case {
  id: string
  path(): string
  options?: CallOptions
  status: number
  /** Besides the request id. */
  headers: readonly string[]
}

const cases: readonly Case[] = [
  { id: 'getLiveness', path: () => '/livez', status: 200, headers: [] },
  { id: 'listJobs', path: () => '/jobs', status: 200, headers: limits },
  { id: 'listJobs', path: () => '/jobs?limit=0', status: 400, headers: limits },
  { id: 'listJobs', path: () => '/jobs', options: withoutKey, status: 401, headers: ['www-authenticate'] },
  {
    ...{ id: 'submitJob', path: () => '/jobs', options: { body: job, headers: { 'content-encoding': 'gzip' } } },
    ...{ status: 415, headers: [...limits, 'accept-encoding'] },
  },
  { id: 'getJob', path: jobPath, status: 200, headers: [...limits, 'etag'] },
  {
    ...{ id: 'getJob', path: jobPath, options: { headers: { 'if-none-match': '"1"' } } },
    ...{ status: 304, headers: [...limits, 'etag'] },
  },
  { id: 'getJob', path: () => '/jobs/job_01h455vb4pex5vsknk084sn02q', status: 404, headers: limits },
  {
    ...{ id: 'submitJob', path: () => '/jobs', options: { body: job, ...key } },
    ...{ status: 202, headers: [...limits, 'etag', 'idempotency-replayed', 'location'] },
  },
  {
    ...{ id: 'submitJob', path: () => '/jobs', options: { body: { ...job, name: 'other' }, ...key } },
    ...{ status: 422, headers: limits },
  },
  {
    ...{ id: 'updateJob', path: jobPath, options: { body: { held: true }, headers: { 'if-match': '"9"' } } },
    ...{ status: 412, headers: limits },
  },
]

it.each(cases)('$id returns $status with the headers that it declares', async ({ id, path, options, ...expected }) => {
  const { status, sent, declared } = await headersOf(id, path(), options)
  expect(status).toBe(expected.status)
  expect(sent.toSorted()).toEqual([...expected.headers, 'x-request-id'].toSorted())
  expect(declared).toEqual(expect.arrayContaining(sent))
})

it('every response declares x-request-id, and guarded routes also the rate limit headers', () => {
  const guarded = operations.filter(({ path }) => !['/livez', '/readyz'].includes(path))
  expect(guarded.length).toBeGreaterThan(50)
  for (const { id, responseHeaders } of operations)
    for (const headers of Object.values(responseHeaders)) expect(headers, id).toContain('x-request-id')
  for (const { id, responseHeaders } of guarded)
    for (const [status, headers] of Object.entries(responseHeaders)) {
      const afterAuth = headers.filter((name) => [...limits, 'deprecation', 'sunset'].includes(name))
      expect(afterAuth, `${id} ${status}`).toEqual(sentAfterAuth[status] ?? [...limits, 'deprecation', 'sunset'])
    }
})

/** Statuses without all headers: authentication precedes the rate limit, and deprecations follow the body. */
const sentAfterAuth: Readonly<Record<string, readonly string[]>> = { 401: [], 413: limits, 415: limits }

it('each header is declared once with a description and is referenced', () => {
  const { headers } = document.components as unknown as { headers: Record<string, { description?: string }> }
  const inline = Object.values(document.paths).flatMap((methods) =>
    Object.values(methods).flatMap(({ responses }) => Object.values(responses)),
  )
  const responses = [...inline, ...Object.values(document.components.responses)]
  const references = new Set(responses.flatMap(({ headers: declared = {} }) => Object.entries(declared)).map(refOf))
  expect([...references].toSorted()).toEqual(Object.keys(headers).toSorted())
  for (const [name, { description }] of Object.entries(headers)) expect(description, name).toMatch(/\w/)
})

function refOf([name, header]: readonly [string, { $ref?: string }]): string {
  expect(header).toEqual({ $ref: `#/components/headers/${name}` })
  return name
}
