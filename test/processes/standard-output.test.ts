import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'

const moduleUrl = (path: string) => new URL(`../../src/infra/${path}`, import.meta.url).href

/** Runs this code in a process, with the logger and the record writer of the service. */
function run(code: string): ChildProcessWithoutNullStreams {
  const script = `
    import { writeSync } from 'node:fs'
    import { makeLogger } from '${moduleUrl('logger.ts')}'
    import { writeLines } from '${moduleUrl('standard-output.ts')}'
    const log = makeLogger({ level: 'info' })
    const stopping = new AbortController()
    const write = (text) => writeLines(text, stopping.signal)
    const report = (text) => writeSync(2, text)
    const lines = (count) => (JSON.stringify({ log: 'audit', data: 'x'.repeat(300) }) + '\\n').repeat(count)
    ${code}`
  return spawn(process.execPath, ['--input-type=module', '-e', script])
}

/** Waits until the process has written this to standard error. */
async function reported(child: ChildProcessWithoutNullStreams, expected: string): Promise<void> {
  let all = ''
  for await (const chunk of child.stderr) {
    all += chunk
    if (all.includes(expected)) return
  }
  throw new Error(`The process ended without ${expected}: ${all}`)
}

describe('records on standard output', () => {
  it('are not mixed with log messages when the reader is slow', async () => {
    const child = run(`
      const written = write(lines(20000))
      setTimeout(() => { report('full'); log.info('message') }, 300)
      await written
      report('written')`)
    await reported(child, 'full')
    const output = await text(child.stdout)
    const parsed = output
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(parsed.filter(({ log }) => log === 'audit')).toHaveLength(20_000)
    expect(parsed.filter(({ msg }) => msg === 'message')).toHaveLength(1)
  })

  it('wait for a slow reader while the service continues', async () => {
    const child = run(`
      const written = write(lines(20000))
      setTimeout(() => report('continues'), 300)
      await written`)
    await reported(child, 'continues')
    child.stdout.resume()
    expect(await once(child, 'exit')).toEqual([0, null])
  })

  it('end with a complete line if the service stops during the wait', async () => {
    const child = run(`
      const written = write(lines(20000))
      setTimeout(() => stopping.abort(), 300)
      await written.catch(({ name }) => report(name))`)
    await reported(child, 'AbortError')
    for (const line of (await text(child.stdout)).trimEnd().split('\n')) JSON.parse(line)
  })

  it('fail without ending the process after the reader has exited', async () => {
    const child = run(`
      await new Promise((resolve) => process.stdin.once('data', resolve))
      await write(lines(1)).catch(({ code }) => report(code))
      setTimeout(() => { report(' running'); process.exit(0) }, 100)`)
    child.stdout.destroy()
    child.stdin.write('gone')
    await reported(child, 'EPIPE running')
    expect(child.exitCode ?? (await once(child, 'exit'))[0]).toBe(0)
  })
})
