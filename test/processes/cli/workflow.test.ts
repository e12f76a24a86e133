import { execFile } from 'node:child_process'
import { readFile, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type CliBench, startCliBench } from '../../support/cli-bench.ts'
import { testApiKey } from '../../support/switchyard.ts'

// Runs the last step of the workflow in examples/github-actions like a runner.

const root = join(import.meta.dirname, '../../..')
let bench: CliBench
beforeAll(async () => {
  bench = await startCliBench()
})
afterAll(() => bench?.stop())

it('the workflow submits a job labeled with the commit and prints its logs', async () => {
  const workflow = await readFile(join(root, 'examples/github-actions/train.yaml'), 'utf8')
  const [, command = ''] = /run: (switchyard .*)/.exec(workflow) ?? []
  const bin = dirname(bench.cli.path)
  await symlink(bench.cli.path, join(bin, 'switchyard'))
  // Some abbreviated commits parse as numbers in YAML; a label is text.
  const env = {
    ...{ PATH: `${bin}:${process.env.PATH}`, HOME: bench.cli.home, GITHUB_SHA: '1234567890123456' },
    ...{ SWITCHYARD_URL: bench.url, SWITCHYARD_API_KEY: testApiKey },
  }
  const { stdout } = await promisify(execFile)('bash', ['-e', '-c', command], { cwd: root, env })
  expect(stdout).toContain('training')
  const { data } = await bench.switchyard.api.ok('GET', '/jobs?label=commit:123456789012')
  expect(data).toMatchObject([{ name: 'train', status: 'succeeded' }])
})
