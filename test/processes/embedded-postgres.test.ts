import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { access, chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startEmbeddedPostgres } from '../../src/infra/embedded-postgres.ts'

const starter = new URL('../../src/infra/embedded-postgres.ts', import.meta.url).href

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(text)).rows
  } finally {
    await client.end()
  }
}

describe('embedded Postgres', () => {
  let parent: string
  let dataDir: string

  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), 'switchyard with a space-'))
    await chmod(parent, 0o755) // run by root, Postgres uses another account, which needs access
    dataDir = join(parent, 'postgres')
  })

  afterEach(() => rm(parent, { recursive: true, force: true }))

  it('keeps data across restarts', async () => {
    const first = await startEmbeddedPostgres({ dataDir, persistent: true })
    await query(first.url, 'CREATE TABLE kept AS SELECT 7 AS number')
    await first.stop()
    const second = await startEmbeddedPostgres({ dataDir, persistent: true })
    expect(await query(second.url, 'SELECT number FROM kept')).toEqual([{ number: 7 }])
    await second.stop()
  })

  it('removes temporary data on stop', async () => {
    const postgres = await startEmbeddedPostgres({ dataDir, persistent: false })
    expect(await query(postgres.url, 'SHOW fsync')).toEqual([{ fsync: 'off' }])
    await postgres.stop()
    await expect(access(postgres.dataDir)).rejects.toThrow('ENOENT')
  })

  it('starts on the data directory of a killed process', async () => {
    const program = `
      const { startEmbeddedPostgres } = await import(${JSON.stringify(starter)})
      await startEmbeddedPostgres({ dataDir: ${JSON.stringify(dataDir)}, persistent: true })
      process.kill(process.pid, 'SIGKILL')`
    const killed = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: 'ignore' })
    const [, signal] = await once(killed, 'exit')
    expect(signal).toBe('SIGKILL')
    const postgres = await startEmbeddedPostgres({ dataDir, persistent: true })
    expect(await query(postgres.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
    await postgres.stop()
  })

  const kill = async ({ dataDir: dir }: { dataDir: string }) => {
    const [pid] = (await readFile(join(dir, 'postmaster.pid'), 'utf8')).split('\n')
    process.kill(Number(pid), 'SIGKILL')
  }

  it('restarts at the same address after being killed', async () => {
    const restarted = Promise.withResolvers<void>()
    const deaths: string[] = []
    const postgres = await startEmbeddedPostgres({
      ...{ dataDir, persistent: true },
      onDeath: (how) => deaths.push(how),
      onRestart: restarted.resolve,
    })
    await query(postgres.url, 'CREATE TABLE kept AS SELECT 7 AS number')
    await kill(postgres)
    await restarted.promise
    expect(await query(postgres.url, 'SELECT number FROM kept')).toEqual([{ number: 7 }])
    expect(deaths).toEqual(['SIGKILL'])
    await postgres.stop()
    expect(deaths).toHaveLength(1)
  })

  it('reports its error if it cannot be restarted', async () => {
    const lost = Promise.withResolvers<Error>()
    const postgres = await startEmbeddedPostgres({ dataDir, persistent: true, onLost: lost.resolve })
    const version = join(postgres.dataDir, 'PG_VERSION')
    await writeFile(version, '9.6\n')
    await kill(postgres)
    expect((await lost.promise).message).toContain('incompatible')
    await postgres.stop()
  })

  it('rejects a directory with other files and names DATA_DIR', async () => {
    await mkdir(dataDir)
    await writeFile(join(dataDir, 'thesis.tex'), '')
    await expect(startEmbeddedPostgres({ dataDir, persistent: true })).rejects.toThrow(/no Postgres cluster.*DATA_DIR/)
  })
})
