import { describe, expect, it } from 'vitest'
import { readLogs } from '../../../clients/cli/src/waiting/read-logs.ts'
import { errorOf } from '../../../clients/typescript/src/errors.ts'

type Jobs = Parameters<typeof readLogs>[0]

async function read(logs: Jobs['logs'], follow = false) {
  const texts: string[] = []
  const notes: string[] = []
  async function* followLogs() {
    yield { text: 'followed\n' }
  }
  await readLogs({ logs, followLogs }, 'job_1', {
    ...{ follow, signal: new AbortController().signal },
    onText: (text) => void texts.push(text),
    onLink: ({ url }) => void notes.push(url),
    onNote: (text) => void notes.push(text),
  })
  return { text: texts.join(''), notes }
}

const conflict = async () => {
  throw errorOf(new Response('', { status: 409 }), JSON.stringify({ code: 'conflict', status: 409, detail: 'none' }))
}

describe('job log output', () => {
  it('ignores a conflict only while following a job', async () => {
    expect(await read(conflict, true)).toEqual({ text: 'followed\n', notes: [] })
    await expect(read(conflict)).rejects.toMatchObject({ code: 'conflict' })
  })

  it('prints followed logs once, with their links', async () => {
    const logs = async () => ({ text: 'followed\n', links: [{ name: 'a', url: 'https://a' }] })
    expect(await read(logs, true)).toEqual({ text: 'followed\n', notes: ['https://a'] })
  })

  it('stops after 10,000 parts with a note', async () => {
    let parts = 0
    const logs = async () => ({ text: '.', links: [], next: String(parts++) })
    const { text, notes } = await read(logs)
    expect([text.length, notes]).toEqual([10_000, [expect.stringContaining('more than 10000 parts')]])
  })
})
