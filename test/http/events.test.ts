import { afterAll, describe, expect, it } from 'vitest'
import type { ApiRecord } from '../../src/commands/api-client.ts'
import { sandboxConnection } from '../../src/commands/sandbox-connections.ts'
import { useApiBench } from '../support/api-bench.ts'
import { type ApiCaller, makeApiCaller } from '../support/api-caller.ts'
import { environmentRequest, jobRequest } from '../support/dataforest-account.ts'
import { closeEventStreams, openEventStream } from '../support/event-stream.ts'
import { expectProblem } from '../support/problems.ts'

const bench = await useApiBench()

afterAll(async () => {
  closeEventStreams()
})

/** A separate project with an API key. */
interface Team {
  id: string
  api: ApiCaller
  apiKey: string
  makeEnvironment(): Promise<ApiRecord>
  relabel(record: ApiRecord, value: string): Promise<ApiRecord>
}

let teamCount = 0

async function makeTeam(...scopes: string[]): Promise<Team> {
  teamCount += 1
  const { id } = await bench.api.ok('POST', '/projects', { name: `team-${teamCount}` })
  const { key } = await bench.api.ok('POST', '/api-keys', {
    name: 'k',
    projectId: id,
    scopes: scopes.length > 0 ? scopes : ['admin'],
  })
  const apiKey = String(key)
  const api = makeApiCaller(bench.url, apiKey)
  let connectionId: string | undefined
  return {
    ...{ id, api, apiKey },
    async makeEnvironment() {
      connectionId ??= (await api.ok('POST', '/connections', sandboxConnection(bench.sandbox, 'dataforest'))).id
      return api.ok('POST', '/environments', environmentRequest({ connectionId }))
    },
    relabel: (record, value) => api.ok('PATCH', `/environments/${record.id}`, { labels: { value } }),
  }
}

interface Page {
  data: ApiRecord[]
  nextCursor?: string
  endCursor: string
}

const eventsOf = async ({ api }: Pick<Team, 'api'>, query = ''): Promise<Page> =>
  (await api.ok('GET', `/events${query}`)) as unknown as Page

/** Reads pages until `count` events have arrived. Open transactions delay events. */
async function readEvents(team: Pick<Team, 'api'>, count: number, cursor?: string, limit = 200) {
  const data: ApiRecord[] = []
  let next = cursor
  while (data.length < count) {
    const page = await eventsOf(team, `?limit=${limit}${next === undefined ? '' : `&cursor=${next}`}`)
    data.push(...page.data)
    next = page.endCursor
  }
  return { data, endCursor: next ?? '' }
}

/** First message of a raw stream, which a position comment may precede. */
async function firstMessage(response: Response): Promise<string> {
  let text = ''
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk as Uint8Array).toString()
    if (text.includes('data: ')) break
  }
  return text
}

const seqIn = (message: string) => Number(/"seq":(\d+)/.exec(message)?.[1])
const keysOf = (events: readonly ApiRecord[]) => events.map(({ recordId, seq }) => `${recordId}/${seq}`)

describe.concurrent('project events', () => {
  it('are listed once each across pages and continue from endCursor', async () => {
    const team = await makeTeam()
    const environment = await team.makeEnvironment()
    const other = await team.makeEnvironment()
    for (const value of ['a', 'b', 'c']) await team.relabel(environment, value)
    await team.relabel(other, 'd')
    await readEvents(team, 6)
    const first = await eventsOf(team, '?limit=4')
    expect(first.data).toHaveLength(4)
    expect(first.nextCursor).toBe(first.endCursor)
    const rest = await readEvents(team, 2, first.endCursor, 1)
    const all = [...first.data, ...rest.data]
    expect(keysOf(all)).toEqual([
      `${environment.id}/1`,
      `${other.id}/1`,
      ...[2, 3, 4].map((seq) => `${environment.id}/${seq}`),
      `${other.id}/2`,
    ])
    expect(all[0]).toMatchObject({ kind: 'environment', type: 'environment.queued', data: { status: 'queued' } })
    expect((await eventsOf(team, `?cursor=${rest.endCursor}`)).data).toEqual([])
    await team.relabel(environment, 'e')
    expect(keysOf((await readEvents(team, 1, rest.endCursor)).data)).toEqual([`${environment.id}/5`])
  })

  it('are limited to the project and to the kinds that the key may read', async () => {
    const team = await makeTeam()
    const environment = await team.makeEnvironment()
    const job = await team.api.ok('POST', '/jobs', jobRequest({ environmentId: environment.id }))
    const readers = await Promise.all(
      ['jobs:read', 'environments:read', 'connections:manage'].map(async (scope) => {
        const { key } = await bench.api.ok('POST', '/api-keys', {
          name: scope.replace(':', '-'),
          projectId: team.id,
          scopes: [scope],
        })
        return makeApiCaller(bench.url, String(key))
      }),
    )
    await readEvents(team, 2)
    const [jobs, environments, neither] = readers as [ApiCaller, ApiCaller, ApiCaller]
    expect(keysOf((await eventsOf({ api: jobs })).data)).toEqual([`${job.id}/1`])
    expect(keysOf((await eventsOf({ api: environments })).data)).toEqual([`${environment.id}/1`])
    expect((await neither.call('GET', '/events')).status).toBe(403)
    expect((await eventsOf(await makeTeam())).data).toEqual([])
  })

  it('are streamed from the time of the connection', async () => {
    const team = await makeTeam()
    const environment = await team.makeEnvironment()
    await readEvents(team, 1)
    const stream = openEventStream(`${bench.url}/events/stream`, team)
    await stream.untilOpen()
    await team.relabel(environment, 'a')
    const job = await team.api.ok('POST', '/jobs', jobRequest({ environmentId: environment.id }))
    const events = await stream.untilCount(2)
    expect(keysOf(events)).toEqual([`${environment.id}/2`, `${job.id}/1`])
    expect(events).toEqual((await readEvents(team, 3)).data.slice(1))
    stream.close()
  })

  it('resume from the start position of a stream that ended without messages', async () => {
    const team = await makeTeam()
    const environment = await team.makeEnvironment()
    await readEvents(team, 1)
    const headers = { authorization: `Bearer ${team.apiKey}` }
    const first = await fetch(`${bench.url}/events/stream`, { headers })
    const firstChunk = await first.body?.getReader().read()
    const position = /^: position (\S+)\n$/.exec(Buffer.from(firstChunk?.value ?? []).toString())?.[1] ?? ''
    await team.relabel(environment, 'a')
    const resumed = await fetch(`${bench.url}/events/stream`, { headers: { ...headers, 'last-event-id': position } })
    expect(seqIn(await firstMessage(resumed))).toBe(2)
  })

  it('resume from the cursor of a page and from Last-Event-ID', async () => {
    const team = await makeTeam()
    const environment = await team.makeEnvironment()
    const { endCursor } = await readEvents(team, 1)
    await team.relabel(environment, 'a')
    const stream = openEventStream(`${bench.url}/events/stream?cursor=${endCursor}`, team)
    expect(keysOf(await stream.untilCount(1))).toEqual([`${environment.id}/2`])
    stream.close()
    await team.relabel(environment, 'b')
    const { endCursor: lastId } = await readEvents(team, 3)
    await team.relabel(environment, 'c')
    const headers = { authorization: `Bearer ${team.apiKey}`, 'last-event-id': lastId }
    const response = await fetch(`${bench.url}/events/stream?cursor=${endCursor}`, { headers })
    expect(seqIn(await firstMessage(response))).toBe(4)
  })

  it.each([
    ['an invalid cursor', 'abc', 400],
    ['a cursor of another list', Buffer.from(JSON.stringify(['x', { id: '' }])).toString('base64url'), 400],
  ])('return 400 for %s', async (_, cursor, status) => {
    for (const path of ['/events', '/events/stream']) {
      const { status: actual, headers, body } = await bench.api.call('GET', `${path}?cursor=${cursor}`)
      expect(actual).toBe(status)
      expectProblem({ status: actual, headers }, body)
    }
  })

  it.each([
    { xid: '99999999999999999999' },
    { xid: '9223372036854775808' },
    { xid: '-1' },
    { seq: '2147483648' },
    { seq: 'x' },
    { id: 'job_'.repeat(100) },
    { epoch: '' },
  ])('reject a forged cursor position with %j', async (forged) => {
    const team = await makeTeam()
    const { endCursor } = await eventsOf(team)
    const [digest, position] = JSON.parse(Buffer.from(endCursor, 'base64url').toString())
    const cursor = Buffer.from(JSON.stringify([digest, { ...position, ...forged }])).toString('base64url')
    const { status } = await team.api.call('GET', `/events?cursor=${cursor}`)
    expect([200, 400, 410]).toContain(status)
    expect(status === 200).toBe('id' in forged)
  })
})
