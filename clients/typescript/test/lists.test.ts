import { expect, it } from 'vitest'
import { job, json, type Received, type Step, startService } from './scripted-service.ts'

/** Three pages, of which the second is empty. */
const pages: Step = (response, { url }: Received) => {
  const cursor = new URL(url, 'http://a').searchParams.get('cursor')
  const page = {
    null: { data: [job('running', 1), job('queued', 2)], nextCursor: 'b' },
    b: { data: [], nextCursor: 'c' },
    c: { data: [job('failed', 3)] },
  }[cursor ?? 'null']
  return json(page)(response, { method: '', url, headers: {}, body: '' })
}

it('an iteration reads all pages on demand with the same filter', async () => {
  await using service = await startService(pages)
  const list = service.client().jobs.list({ label: ['team:vision'], limit: 2 })
  const versions: number[] = []
  for await (const { version } of list) {
    if (versions.length === 1) expect(service.received).toHaveLength(1)
    versions.push(version)
  }
  expect(versions).toEqual([1, 2, 3])
  const query = 'label=team%3Avision&limit=2'
  expect(service.received.map(({ url }) => url)).toEqual([
    `/jobs?${query}`,
    `/jobs?${query}&cursor=b`,
    `/jobs?${query}&cursor=c`,
  ])
})

it('an iteration that is left does not read further pages', async () => {
  await using service = await startService(pages)
  for await (const _ of service.client().jobs.list()) break
  expect(service.received).toHaveLength(1)
})

it('a single page can be read from any cursor', async () => {
  await using service = await startService(pages)
  const list = service.client().jobs.list()
  expect((await list.page()).nextCursor).toBe('b')
  expect((await list.page('c')).data).toHaveLength(1)
  expect((await service.client().jobs.list({ cursor: 'c' }).all()).map(({ version }) => version)).toEqual([3])
})

it('a list can be iterated by page and then read as a whole', async () => {
  await using service = await startService(pages)
  const list = service.client().jobs.list()
  const sizes: number[] = []
  for await (const { data } of list.pages()) sizes.push(data.length)
  expect(sizes).toEqual([2, 0, 1])
  expect(await list.all()).toHaveLength(3)
})
