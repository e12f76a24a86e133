import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, vi } from 'vitest'
import { generateSecret, signedHeaders } from '../../src/webhooks/signature.ts'
import { freePort } from './free-ports.ts'

/** Starts an example webhook receiver, which must accept only signed messages and print each once. */
export async function expectReceiver([program = '', ...args]: readonly string[], cwd: string): Promise<void> {
  const [port, secret] = [await freePort(), generateSecret()]
  const env = { PATH: process.env.PATH, PORT: `${port}`, WEBHOOK_SECRET: secret }
  const child = spawn(program, args, { cwd, env })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  const timestamp = new Date().toISOString()
  const body = JSON.stringify({ type: 'job.succeeded', timestamp, data: { recordId: 'job_1' } })
  const post = async (signedWith: string) => {
    const headers = signedHeaders({ id: 'evt_1', at: new Date(), body }, { secret: signedWith })
    return (await fetch(`http://127.0.0.1:${port}`, { method: 'POST', body, headers })).status
  }
  try {
    await vi.waitFor(() => expect(output).toBe('ready\n'), 30_000)
    expect([await post(generateSecret()), await post(secret), await post(secret)]).toEqual([400, 204, 204])
    await vi.waitFor(() => expect(output).toBe('ready\njob.succeeded job_1\n'), 30_000)
  } finally {
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
}
