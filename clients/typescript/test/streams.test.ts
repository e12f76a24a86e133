import { describe, expect, it } from 'vitest'
import { cpuMsOf, maxCpuMs } from '../../../test/support/cpu-time.ts'
import { followEvents } from '../src/event-streams.ts'
import { addedTo } from '../src/followed-logs.ts'
import { drop, job, json, problem, type Step, startService, stream } from './scripted-service.ts'

const complete: Step = (response) => void response.writeHead(204).end()
const event = (seq: number) => ({ id: `evt_${seq}`, seq, type: 'job.running' })

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

describe('an event stream', () => {
  it('resumes after the last event until it is complete', async () => {
    await using service = await startService(
      stream([event(1), event(2)], 'breaks'),
      drop,
      problem(503, 'unavailable'),
      stream([event(3)], 'ends'),
      complete,
    )
    const ids: string[] = []
    const events = await collect(
      service.client({ maxRetries: 0 }).jobs.streamEvents('job_1', { onMessage: (id) => ids.push(id) }),
    )
    expect(events.map(({ seq }) => seq)).toEqual([1, 2, 3])
    expect(ids).toEqual(['1', '2', '3'])
    expect(service.received.map(({ url, headers }) => [url, headers['last-event-id']])).toEqual([
      ['/jobs/job_1/events/stream', undefined],
      ...Array.from({ length: 3 }, () => ['/jobs/job_1/events/stream', '2']),
      ['/jobs/job_1/events/stream', '3'],
    ])
  })

  it('resumes after a period without events and heartbeats', async () => {
    const heartbeats: Step = (response, request) => {
      stream([], 'stays')(response, request)
      const beats = setInterval(() => response.write(':\n'), 40)
      setTimeout(() => {
        clearInterval(beats)
        response.end(`:\nid: 2\ndata: ${JSON.stringify(event(2))}\n\n`)
      }, 400)
    }
    await using service = await startService(stream([event(1)], 'stays'), heartbeats, complete)
    const open = (lastEventId = '') => fetch(service.url, { headers: { 'last-event-id': lastEventId } })
    const events = await collect(followEvents({ open, maxOutageMs: 5000, maxSilenceMs: 200 }))
    expect(events).toEqual([event(1), event(2)])
    expect(service.received.map(({ headers }) => headers['last-event-id'])).toEqual(['', '1', '2'])
  })

  it('resumes at the stated position before its first message', async () => {
    const empty: Step = (response) =>
      void response.writeHead(200, { 'content-type': 'text/event-stream' }).end(': position p1\n')
    await using service = await startService(empty, stream([event(7)], 'stays'))
    const events = service.client().events.stream()
    expect((await events.next()).value).toMatchObject({ seq: 7 })
    await events.return()
    expect(service.received.map(({ headers }) => headers['last-event-id'])).toEqual([undefined, 'p1'])
  })

  it('starts after the given event', async () => {
    await using service = await startService(complete)
    await collect(service.client().jobs.streamEvents('job_1', { after: 7 }))
    await collect(service.client().jobs.streamEvents('job_1', { lastEventId: '9' }))
    expect(service.received.map(({ url, headers }) => [url, headers['last-event-id']])).toEqual([
      ['/jobs/job_1/events/stream?after=7', undefined],
      ['/jobs/job_1/events/stream', '9'],
    ])
  })

  it('fails with the error of a rejected reconnect', async () => {
    await using service = await startService(stream([event(1)]), problem(410, 'cursor_expired'))
    const events = service.client().events.stream({ cursor: 'a' })
    expect((await events.next()).value).toMatchObject({ seq: 1 })
    await expect(events.next()).rejects.toMatchObject({ code: 'cursor_expired' })
    expect(service.received.map(({ url }) => url)).toEqual(['/events/stream?cursor=a', '/events/stream'])
  })

  it('closes its connection when the iteration ends early', async () => {
    let close: () => void = () => {}
    const closed = new Promise<void>((resolve) => {
      close = resolve
    })
    await using service = await startService((response, request) => {
      response.once('close', close)
      return stream([event(1)], 'stays')(response, request)
    })
    for await (const _ of service.client().jobs.streamEvents('job_1')) break
    await closed
  })

  it('ends with the reason of its signal', async () => {
    await using service = await startService(stream([event(1)], 'stays'))
    const reason = new Error('enough')
    const controller = new AbortController()
    const events = service.client().jobs.streamEvents('job_1', { signal: controller.signal })
    await events.next()
    setTimeout(() => controller.abort(reason), 20)
    await expect(events.next()).rejects.toBe(reason)
  })
})

const header = Array.from({ length: 300 }, (_, line) => `line ${line}\n`).join('')
const ticks = (count: number) => 'tick\n'.repeat(count)

describe('followed job output', () => {
  it('is returned incrementally until the job has finished', async () => {
    const links: unknown[] = []
    await using service = await startService(
      json(job('dispatching')),
      problem(409, 'conflict'),
      json(job('running')),
      json({ text: 'one\n', links, next: 'b' }),
      json({ links }),
      json(job('succeeded')),
      json({ text: 'one\ntwo\n', links, next: 'b' }),
      json({ text: 'other\n', links }),
    )
    expect(await collect(service.client().jobs.followLogs('job_1'))).toEqual([
      { text: 'one\n' },
      { text: 'two\n' },
      { text: 'other\n', cursor: 'b' },
    ])
    const waits = service.received.filter(({ url }) => url === '/jobs/job_1').map(({ headers }) => headers.prefer)
    expect(waits).toEqual(['wait=0', 'wait=2', 'wait=2'])
  })

  it('contains a line once that moves to the next part before it has an end', async () => {
    await using service = await startService(
      ...[json(job('running')), json({ text: 'T1 one\nT2 tw', links: [] })],
      ...[
        json(job('running')),
        json({ text: 'T1 one\n', links: [], next: 'b' }),
        json({ text: 'T2 two\n', links: [] }),
      ],
      ...[json(job('succeeded')), json({ text: 'T1 one\n', links: [], next: 'b' })],
      json({ text: 'T2 two\nT3 three\n', links: [] }),
    )
    const texts = await collect(service.client().jobs.followLogs('job_1', { timestamps: true }))
    expect(texts.map(({ text }) => text)).toEqual(['T1 one\nT2 tw', 'o\n', 'T3 three\n'])
  })

  it('is empty if the job was never created at the provider', async () => {
    await using service = await startService(json(job('canceled')), problem(409, 'conflict'))
    expect(await collect(service.client().jobs.followLogs('job_1'))).toEqual([])
  })

  it('has the times of lines if they are requested, also in one part', async () => {
    await using service = await startService(
      ...[json(job('running')), json({ text: 'T1 one\n', links: [] }), json(job('succeeded'))],
      ...[json({ text: 'T1 one\nT2 two\n', links: [], next: 'b' }), json({ text: 'T3 other\n', links: [] })],
      json({ text: 'T3 other\n', links: [] }),
    )
    const { jobs } = service.client()
    const texts = await collect(jobs.followLogs('job_1', { timestamps: true }))
    expect(texts.map(({ text }) => text)).toEqual(['T1 one\n', 'T2 two\n', 'T3 other\n'])
    expect((await jobs.logs('job_1', { cursor: 'b', timestamps: true })).text).toBe('T3 other\n')
    const urls = service.received.map(({ url }) => url).filter((url) => url?.includes('logs'))
    expect(urls).toEqual([
      ...['/jobs/job_1/logs?timestamps=true', '/jobs/job_1/logs?timestamps=true'],
      ...['/jobs/job_1/logs?timestamps=true&cursor=b', '/jobs/job_1/logs?timestamps=true&cursor=b'],
    ])
  })

  it('fails if the provider does not support logs', async () => {
    await using service = await startService(json(job('running')), problem(422, 'unsupported'))
    await expect(collect(service.client().jobs.followLogs('job_1'))).rejects.toMatchObject({ code: 'unsupported' })
  })

  it.for([
    ['', 'a', 'a'],
    ['a', 'ab', 'b'],
    ['a', 'a', ''],
    ['abc', 'bcd', 'bcd'],
    [`${'x'.repeat(3000)}end`, `${'x'.repeat(2000)}end, more`, ', more'],
    // Repeated lines after the known text are new, although they equal its end.
    [header + ticks(300), header.slice(1000) + ticks(600), ticks(300)],
    [`old${header}`, `${header}old${header}`, `old${header}`],
    // A single repeated line is not an overlap.
    [`${header}${'-'.repeat(80)}\n`, `${'-'.repeat(80)}\nmore`, `${'-'.repeat(80)}\nmore`],
  ] as const)('contains only the text added since the last read (case %#)', ([before, text, added]) => {
    expect(addedTo(before, text)).toBe(added)
  })

  it.for([
    ['a'.repeat(1e6), `${'a'.repeat(5e5)}b${'a'.repeat(5e5)}`],
    [`${'a'.repeat(5e5)}${header}`, `${'a'.repeat(4e5)}c${header.repeat(200)}`],
  ] as const)('is compared in linear time for repetitive text (case %#)', ([before, text]) => {
    expect(cpuMsOf(() => addedTo(before, text))).toBeLessThan(maxCpuMs)
  })
})
