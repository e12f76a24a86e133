import { Client } from 'pg'
import { beforeAll, describe, expect, it } from 'vitest'
import type { ApiRecord } from '../../src/commands/api-client.ts'
import { useApiBench } from '../support/api-bench.ts'
import { environmentRequest, jobRequest } from '../support/dataforest-account.ts'
import { expectProblem } from '../support/problems.ts'

interface Page {
  data: ApiRecord[]
  nextCursor?: string
}

/** All jobs, oldest first, in the full view. */
let all: ApiRecord[]
const environments: ApiRecord[] = []

const list = async (query: string): Promise<Page> => (await bench.api.ok('GET', `/jobs?${query}`)) as unknown as Page
const rejection = async (query: string) => {
  const response = await bench.api.call('GET', `/jobs?${query}`)
  expectProblem(response, response.body)
  return response
}

/** Reads all pages of a list. */
async function scan(query: string, meanwhile?: () => Promise<void>): Promise<ApiRecord[]> {
  const seen: ApiRecord[] = []
  for (let cursor: string | undefined = ''; cursor !== undefined; ) {
    const [page]: [Page, unknown] = await Promise.all([
      list(`${query}&limit=3${cursor === '' ? '' : `&cursor=${cursor}`}`),
      meanwhile?.(),
    ])
    seen.push(...page.data)
    cursor = page.nextCursor
  }
  return seen
}

const bench = await useApiBench()

beforeAll(async () => {
  const { api, connections } = bench
  for (const _ of [0, 1])
    environments.push(
      await api.ok('POST', '/environments', environmentRequest({ connectionId: connections.dataforest })),
    )
  const modelarts = {
    image: 'deep-learning/pytorch:2.1',
    connectionId: connections.modelarts,
    resources: { flavor: 'f' },
  }
  for (let index = 0; index < 24; index += 1) {
    const team = index % 2 === 0 ? 'vision' : 'speech'
    const labels = { team, stage: `s${index % 3}`, 'a.b-c_d': 'x=y z', lines: `a\r\n${index % 2}\u2028` }
    const name = `${['train', 'train_2', 'Train', 'test'][index % 4]}-${index}`
    const target = index % 3 === 0 ? modelarts : { environmentId: environments[index % 2]?.id }
    await api.ok('POST', '/jobs', jobRequest({ name, labels, ...target }))
  }
  const rows = (await list('order=asc&limit=200')).data
  const sql = new Client({ connectionString: bench.database.url })
  await sql.connect()
  // Simulates the progress of time and of providers.
  for (const [index, status] of ['running', 'succeeded', 'failed', 'canceled', 'unknown', 'pending'].entries())
    await sql.query(
      `UPDATE workloads SET status = $1, active = $2, remote_id = $3, created_at = created_at - $4 * interval '1 minute' WHERE id = ANY($5)`,
      [
        status,
        status === 'running' || status === 'pending',
        `remote/${index}`,
        30 - index,
        rows.slice(index * 2, index * 2 + 2).map(({ id }) => id),
      ],
    )
  await sql.query(
    `INSERT INTO workload_attempts (workload_id, number, correlation_tag, scope, pre_create_snapshot, send_by, absence_conclusive_at)
     SELECT $1, number, 'tag', '{}', 'null', now(), now() FROM generate_series(1, 5) number`,
    [rows[0]?.id],
  )
  await sql.end()
  all = (await list('order=asc&limit=200&view=full')).data
})

const at = (index: number) => all[index] as ApiRecord
const time = (job: ApiRecord) => Date.parse(String(job.createdAt))
const labelsOf = (job: ApiRecord) => job.labels as Record<string, string>

describe('GET /jobs', () => {
  it.each<[string, () => string, (job: ApiRecord) => boolean]>([
    ['no filter', () => '', () => true],
    ['a status filter', () => 'status=succeeded', ({ status }) => status === 'succeeded'],
    ['two statuses', () => 'status=failed&status=queued', ({ status }) => ['failed', 'queued'].includes(status)],
    ['a label', () => 'label=team%3Avision', (job) => labelsOf(job).team === 'vision'],
    [
      'two labels',
      () => 'label=stage%3As1&label=team%3Avision',
      (job) => labelsOf(job).team === 'vision' && labelsOf(job).stage === 's1',
    ],
    ['a label value with "=" and a space', () => 'label=a.b-c_d%3Ax%3Dy%20z', () => true],
    [
      'a label value with line breaks',
      () => `label=lines%3A${encodeURIComponent('a\r\n1\u2028')}`,
      (job) => labelsOf(job).team === 'speech',
    ],
    ['a label of no job', () => 'label=team%3A', () => false],
    ['a provider', () => 'provider=modelarts', ({ provider }) => provider === 'modelarts'],
    ['an unknown provider', () => 'provider=acme', () => false],
    ['a connection', () => `connectionId=${bench.connections.dataforest}`, ({ provider }) => provider === 'dataforest'],
    [
      'an environment',
      () => `environmentId=${environments[1]?.id}`,
      (job) => job.environmentId === environments[1]?.id,
    ],
    ['a remote id', () => 'remoteId=remote%2F2', ({ remote }) => remote?.id === 'remote/2'],
    ['active=true', () => 'active=true', ({ status }) => ['queued', 'running', 'pending'].includes(status)],
    ['active=false', () => 'active=false', ({ status }) => !['queued', 'running', 'pending'].includes(status)],
    [
      'createdAfter',
      () => `createdAfter=${encodeURIComponent(String(at(9).createdAt))}`,
      (job) => time(job) > time(at(9)),
    ],
    [
      'createdBefore in another time zone',
      () =>
        `createdBefore=${encodeURIComponent(new Date(time(at(8)) + 7_200_000).toISOString().replace('Z', '+02:00'))}`,
      (job) => time(job) < time(at(8)),
    ],
    [
      'ids, one of which does not exist',
      () => `ids=${at(3).id}&ids=${at(20).id}&ids=nonsense`,
      ({ id }) => [at(3).id, at(20).id].includes(id),
    ],
    [
      'several filters',
      () =>
        'status=queued&label=team%3Aspeech&provider=dataforest&active=true&ids='.concat(
          all.map(({ id }) => id).join('&ids='),
        ),
      (job) => job.status === 'queued' && labelsOf(job).team === 'speech' && job.provider === 'dataforest',
    ],
  ])('returns the matching jobs in creation order for %s', async (_, query, isMatch) => {
    const expected = all.filter(isMatch).map(({ id }) => id)
    expect((await scan(`${query()}&order=asc`)).map(({ id }) => id)).toEqual(expected)
    expect((await scan(query())).map(({ id }) => id)).toEqual(expected.toReversed())
  })

  it('orders a namePrefix list by the bytes of the names', async () => {
    for (const prefix of ['train', 'train_', 'Train-', 't', 'nobody', '%25', '_']) {
      const text = decodeURIComponent(prefix)
      const expected = all.filter(({ name }) => name.startsWith(text)).map(({ name }) => name)
      const sorted = expected.toSorted((a, b) => (a < b ? -1 : 1))
      expect(
        (await scan(`namePrefix=${prefix}&order=asc`)).map(({ name }) => name),
        prefix,
      ).toEqual(sorted)
      expect(
        (await scan(`namePrefix=${prefix}`)).map(({ name }) => name),
        prefix,
      ).toEqual(sorted.toReversed())
    }
  })

  it('omits the large fields unless view=full', async () => {
    const [basic] = (await list('limit=1')).data
    const [full] = (await list('limit=1&view=full')).data
    expect(basic).not.toHaveProperty('script')
    expect(full).toMatchObject({ ...basic, script: 'python train.py' })
  })

  it('returns a cursor unless the page is the last one', async () => {
    expect(await list('')).not.toHaveProperty('nextCursor')
    expect((await list('limit=24')).nextCursor).toBeUndefined()
    expect((await list('limit=23')).nextCursor).toEqual(expect.any(String))
  })
})

const attempts = (query: string) => bench.api.call('GET', `/jobs/${at(0).id}/attempts?${query}`)
const attemptPage = async (query: string) =>
  (await attempts(query)).body as unknown as { data: { number: number }[]; nextCursor?: string }

describe('GET /jobs/{id}/attempts', () => {
  it('lists attempts in order across pages', async () => {
    const seen: number[] = []
    for (let cursor: string | undefined = ''; cursor !== undefined; ) {
      const page: Awaited<ReturnType<typeof attemptPage>> = await attemptPage(
        `limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`,
      )
      expect(page.data.length).toBeLessThanOrEqual(2)
      seen.push(...page.data.map(({ number }) => number))
      cursor = page.nextCursor
    }
    expect(seen).toEqual([1, 2, 3, 4, 5])
    expect((await attemptPage('')).nextCursor).toBeUndefined()
  })

  it('rejects an invalid page size and an unknown parameter', async () => {
    for (const limit of ['0', '201', 'x']) expect((await attempts(`limit=${limit}`)).status).toBe(400)
    expect((await attempts('after=1')).status).toBe(400)
  })
})

describe('a cursor', () => {
  it('is valid only with the same filters, in any order', async () => {
    const { nextCursor } = await list('limit=2&status=queued&provider=dataforest')
    const next = await list(`provider=dataforest&cursor=${nextCursor}&limit=5&status=queued&view=full`)
    expect(next.data).toHaveLength(5)
    for (const filters of [
      '',
      'status=queued',
      'status=queued&provider=dataforest&order=asc',
      'status=queued&provider=scnet',
    ])
      expect(await rejection(`${filters}&cursor=${nextCursor}`)).toMatchObject({
        status: 400,
        body: { errors: [{ in: 'query', pointer: 'cursor' }] },
      })
  })

  it('is valid only for its own list', async () => {
    const { nextCursor } = await list('limit=1')
    for (const other of ['environments', 'connections', 'projects', 'api-keys', 'audit'])
      expect(await bench.api.call('GET', `/${other}?cursor=${nextCursor}`), other).toMatchObject({
        status: 400,
        body: { errors: [{ in: 'query', pointer: 'cursor' }] },
      })
    for (const listName of ['environments', 'connections', 'audit']) {
      const first = await bench.api.ok('GET', `/${listName}?limit=1`)
      expect((await bench.api.call('GET', `/${listName}?cursor=${first.nextCursor}`)).status, listName).toBe(200)
      expect((await rejection(`cursor=${first.nextCursor}`)).status).toBe(400)
    }
  })

  it('is valid only for its own record and subresource', async () => {
    const { nextCursor } = await attemptPage('limit=1')
    for (const other of [`${at(1).id}/attempts`, `${at(0).id}/events`])
      expect((await bench.api.call('GET', `/jobs/${other}?cursor=${nextCursor}`)).status).toBe(400)
    const [correlationTag] = JSON.parse(Buffer.from(String(nextCursor), 'base64url').toString())
    for (const id of ['a', '-1', '1.5', '', '9'.repeat(10)])
      expect((await attempts(`cursor=${encoded([correlationTag, { id }])}`)).status, id).toBe(400)
  })

  const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const digest = async () => {
    const { nextCursor = '' } = await list('limit=1')
    return JSON.parse(Buffer.from(nextCursor, 'base64url').toString())[0]
  }

  it.each<[string, (digest: string) => string]>([
    ['nonsense', () => 'nonsense'],
    ['not base64', () => '%00%ff'],
    ['JSON of another shape', () => encoded({ a: 1 })],
    ['with a number for an id', (correlationTag) => encoded([correlationTag, { id: 7 }])],
    ['with a list for an id', (correlationTag) => encoded([correlationTag, { id: ['a'] }])],
    ['with a NUL in its id', (correlationTag) => encoded([correlationTag, { id: '\u0000' }])],
    [
      'with half of a surrogate pair in its name',
      (correlationTag) => encoded([correlationTag, { id: 'a', name: '\ud800' }]),
    ],
    ['without an id', (correlationTag) => encoded([correlationTag, {}])],
    ['that is too long', () => 'x'.repeat(3000)],
  ])('returns 400 if it is forged: %s', async (_, forge) => {
    const response = await rejection(`cursor=${forge(await digest())}`)
    expect(response).toMatchObject({ status: 400, body: { errors: [{ in: 'query', pointer: 'cursor' }] } })
  })

  it('neither skips nor repeats jobs during concurrent submits', async () => {
    const before = (await scan('')).map(({ id }) => id)
    const body = jobRequest({ name: 'meanwhile', environmentId: environments[0]?.id })
    for (const order of ['asc', 'desc']) {
      let submitted = 0
      const seen = (
        await scan(`order=${order}`, async () => {
          submitted += 1
          if (submitted <= 20) await bench.api.ok('POST', '/jobs', body)
        })
      ).map(({ id }) => id)
      expect(submitted).toBeGreaterThan(5)
      expect(seen).toEqual([...new Set(seen)].toSorted((a, b) => (a < b === (order === 'asc') ? -1 : 1)))
      expect(seen).toEqual(expect.arrayContaining(before))
    }
  })
})
