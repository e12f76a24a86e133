import { execFile, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { useApiBench } from '../support/api-bench.ts'
import { testApiKey } from '../support/switchyard.ts'

// Examples without a client library. Those in TypeScript and Python run with the client packages.

const examples = join(import.meta.dirname, '../../examples')
const bench = await useApiBench({ role: 'all' })

async function run(program: string, ...args: readonly string[]): Promise<string> {
  const env = { ...process.env, SWITCHYARD_URL: bench.url, SWITCHYARD_API_KEY: testApiKey }
  return (await promisify(execFile)(program, [...args], { env, cwd: examples })).stdout
}

const isMissing = (program: string, argument = '--version') => spawnSync(program, [argument]).error !== undefined
const titleOf = (example: string, program: string, isSkipped: boolean) =>
  `${example}${isSkipped ? ` (skipped: no ${program})` : ''} submits a job and waits for completion`

describe('example', () => {
  const [noCurl, noGo] = [isMissing('curl'), isMissing('go', 'version')]

  it.skipIf(noCurl)(titleOf('shell/submit-and-wait.sh', 'curl', noCurl), async () => {
    expect(await run('bash', 'shell/submit-and-wait.sh')).toMatch(
      /^submitted job_\w+\n[\s\S]*training[\s\S]*\nsucceeded\n$/,
    )
  })

  it.skipIf(noGo)(titleOf('go/main.go', 'go', noGo), async () => {
    expect(await run('go', 'run', 'go/main.go')).toMatch(/training[\s\S]*\njob_\w+ succeeded\n$/)
  })
})
