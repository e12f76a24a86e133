import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'

const moduleUrl = (path: string) => new URL(`../../src/infra/${path}`, import.meta.url).href

/** A process that runs this code, with what the service writes its messages and records with. */
function run(code: string): ChildProcessWithoutNullStreams {
  const script = `
    import { writeSync } from 'node:fs'
    import { makeLogger } from '${moduleUrl('logger.ts')}'
    import { writeLines } from '${moduleUrl('standard-output.ts')}'
    const log = makeLogger({ level: 'info' })
    const stopping = new AbortController()
    const write = (text) => writeLines(text, stopping.signal)
    const say = (text) => writeSync(2, text)
    const lines = (count) => (JSON.stringify({ log: 'audit', data: 'x'.repeat(300) }) + '\\n').repeat(count)
    ${code}`
  return spawn(process.execPath, ['--input-type=module', '-e', script])
}

/** Resolves once it has written this to standard error. */
async function said(child: ChildProcessWithoutNullStreams, expected: string): Promise<void> {
  let all = ''
  for await (const chunk of child.stderr) {
    all += chunk
    if (all.includes(expected)) return
  }
  throw new Error(`The process ended without ${expected}: ${all}`)
}

describe('records on standard output', () => {
  it('stay whole lines beside the messages of the service when the reader falls behind', async () => {
    const child = run(`
      const written = write(lines(20000))
      setTimeout(() => { say('full'); log.info('message') }, 300)
      await written
      say('written')`)
    await said(child, 'full')
    const output = await text(child.stdout)
    const parsed = output
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(parsed.filter(({ log }) => log === 'audit')).toHaveLength(20_000)
    expect(parsed.filter(({ msg }) => msg === 'message')).toHaveLength(1)
  })

  it('wait for a reader that falls behind while the service goes on', async () => {
    const child = run(`
      const written = write(lines(20000))
      setTimeout(() => say('goes on'), 300)
      await written`)
    await said(child, 'goes on')
    child.stdout.resume()
    expect(await once(child, 'exit')).toEqual([0, null])
  })

  it('are given up at the end of a line, if the service stops while nobody reads', async () => {
    const child = run(`
      const written = write(lines(20000))
      setTimeout(() => stopping.abort(), 300)
      await written.catch(({ name }) => say(name))`)
    await said(child, 'AbortError')
    for (const line of (await text(child.stdout)).trimEnd().split('\n')) JSON.parse(line)
  })

  it('are rejected, and the process lives, once the reader has gone', async () => {
    const child = run(`
      await new Promise((resolve) => process.stdin.once('data', resolve))
      await write(lines(1)).catch(({ code }) => say(code))
      setTimeout(() => { say(' lives'); process.exit(0) }, 100)`)
    child.stdout.destroy()
    child.stdin.write('gone')
    await said(child, 'EPIPE lives')
    expect(child.exitCode ?? (await once(child, 'exit'))[0]).toBe(0)
  })
})
