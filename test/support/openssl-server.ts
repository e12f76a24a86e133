import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { KeyPair } from './certificate-authority.ts'
import { freePort } from './free-ports.ts'

interface Options {
  pair: KeyPair
  /** Clients need a certificate of this authority; others are rejected with a TLS alert. */
  clientCa: string
  version: 'tls1_2' | 'tls1_3'
}

/** Starts the HTTPS server of the `openssl` program. */
export async function startOpensslServer({ pair, clientCa, version }: Options) {
  const dir = await mkdtemp(join(tmpdir(), 'switchyard-openssl-'))
  await writeFile(join(dir, 'pair.pem'), pair.certificate + pair.key)
  await writeFile(join(dir, 'ca.pem'), clientCa)
  const port = await freePort()
  const verification = ['-Verify', '1', '-verify_return_error', '-CAfile', 'ca.pem']
  const args = ['s_server', '-accept', `127.0.0.1:${port}`, '-cert', 'pair.pem', '-www', '-quiet', ...verification]
  const server = spawn('openssl', [...args, `-${version}`], { cwd: dir, stdio: 'ignore' })
  const ended = once(server, 'exit')
  while (!(await accepts(port))) {
    if (server.exitCode !== null) throw new Error(`openssl s_server ended with code ${server.exitCode}`)
    await delay(20)
  }
  return {
    port,
    async close() {
      server.kill('SIGKILL')
      await ended
      await rm(dir, { recursive: true, force: true })
    },
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => resolve(false))
    socket.on('connect', () => {
      socket.destroy()
      resolve(true)
    })
  })
}
