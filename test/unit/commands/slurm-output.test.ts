import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { UnsecuredJWT } from 'jose'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { slurmFinder } from '../../../src/commands/engines/slurm.ts'

describe('output of the Slurm demo', () => {
  let directory: string
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'slurm-output-'))
  })
  afterEach(() => rmSync(directory, { recursive: true }))

  const ended = { id: 'job_1', name: 'portable', status: 'succeeded', provider: 'slurm', version: 9 }

  async function outputOf(more: object): Promise<string | undefined> {
    const SLURM_JWT = new UnsecuredJWT({ sun: 'alice' }).encode()
    const engine = await slurmFinder.find({ SLURM_JWT, SLURM_WORKING_DIRECTORY: directory })
    return 'missing' in engine ? engine.missing : engine.output?.({ ...ended, ...more })
  }
  /** A file whose modification time is `seconds` from now. */
  function write(name: string, seconds: number): string {
    const path = join(directory, name)
    writeFileSync(path, `${name}\n`)
    const at = Date.now() / 1000 + seconds
    utimesSync(path, at, at)
    return path
  }

  it('is read from the file in the working directory', async () => {
    write('slurm-7.out', 5)
    expect(await outputOf({ remote: { id: '7' } })).toBe('slurm-7.out\n')
  })

  it('is read from the file that Slurm names', async () => {
    const stdoutPath = write('named.txt', 5)
    expect(await outputOf({ remote: { id: '7' }, result: { slurm: { stdoutPath } } })).toBe('named.txt\n')
  })

  it('is not read from an older file of another job with the same id', async () => {
    const path = write('slurm-7.out', -5)
    expect(await outputOf({ remote: { id: '7' } })).toBe(`(in ${path} on the cluster)`)
  })

  it('refers to the cluster if the file does not exist locally', async () => {
    expect(await outputOf({ remote: { id: '8' } })).toBe(`(in ${directory}/slurm-8.out on the cluster)`)
  })
})
