import { expect, it } from 'vitest'
import { Switchyard } from '../src/index.ts'

const entry = (n: number) => ({ id: `aud_${n}`, action: 'job.submitted', data: { n } })
const lineOf = (n: number) => `${JSON.stringify(entry(n))}\n`

/** A body with these chunks, which is aborted at the end unless it is complete. */
function bodyOf(parts: readonly string[], isComplete: boolean): ReadableStream<Uint8Array> {
  const rest = [...parts]
  return new ReadableStream({
    pull(controller) {
      const part = rest.shift()
      if (part !== undefined) controller.enqueue(new TextEncoder().encode(part))
      else if (isComplete) controller.close()
      else controller.error(new TypeError('terminated'))
    },
  })
}

function clientOf(responses: readonly (() => Response)[]) {
  const cursors: (string | null)[] = []
  const remaining = [...responses]
  const fetch = async ({ url }: Request) => {
    cursors.push(new URL(url).searchParams.get('after'))
    return remaining.shift()?.() ?? new Response(null, { status: 500 })
  }
  return { cursors, client: new Switchyard({ url: 'http://service.example', apiKey: 'sy_test', fetch, maxRetries: 0 }) }
}

const lines =
  (parts: readonly string[], isComplete = true) =>
  () =>
    new Response(bodyOf(parts, isComplete), { headers: { 'content-type': 'application/x-ndjson' } })

async function all<T>(entries: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = []
  for await (const each of entries) items.push(each)
  return items
}

it('an export is parsed by line, independent of its chunks', async () => {
  const text = [1, 2, 3].map(lineOf).join('')
  const { client } = clientOf([lines([text.slice(0, 10), text.slice(10, 75), text.slice(75)])])
  expect(await all(client.audit.export())).toEqual([entry(1), entry(2), entry(3)])
})

it('an aborted export resumes after its last complete line', async () => {
  const { client, cursors } = clientOf([
    lines([lineOf(1), lineOf(2), lineOf(3).slice(0, 20)], false),
    lines([lineOf(3)]),
  ])
  expect(await all(client.audit.export({ after: 'aud_0' }))).toEqual([entry(1), entry(2), entry(3)])
  expect(cursors).toEqual(['aud_0', 'aud_2'])
})

it('a rejected export fails with the error of the service', async () => {
  const problem = { status: 403, code: 'permission_denied', title: 'Forbidden', detail: 'Missing scope.', errors: [] }
  const headers = { 'content-type': 'application/problem+json' }
  const { client } = clientOf([() => new Response(JSON.stringify(problem), { status: 403, headers })])
  await expect(all(client.audit.export())).rejects.toMatchObject({ code: 'permission_denied' })
})
