import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { startLocalStack } from '../../src/commands/local-stack.ts'
import { openSandbox } from '../../src/commands/open-sandbox.ts'
import { StartError } from '../../src/commands/start-error.ts'
import { ConfigError, readConfig } from '../../src/config/config.ts'
import { makeLogger } from '../../src/infra/logger.ts'
import { sandboxProviders } from '../../src/sandbox/registry.ts'
import { freePorts } from '../support/free-ports.ts'

const host = '127.0.0.1'
/** The port of the control API and one for each provider. */
const sandboxPorts = 1 + Object.keys(sandboxProviders).length

describe('sandbox start with unusable ports', () => {
  it.each([0, 3])('reports the port in use: PORT plus %i', async (offset) => {
    const first = await freePorts(sandboxPorts)
    const port = first + offset
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(port, host, resolve))
    const start = openSandbox({ port: first, host }, 'another PORT')
    await expect(start).rejects.toThrow(
      new StartError(
        `Switchyard cannot start: 127.0.0.1:${port}, a port of the sandbox, is in use. Stop the other process, or set another PORT.`,
      ),
    )
    other.close()
  })

  it('reports that too few ports follow PORT', async () => {
    const start = openSandbox({ port: 65_536 - sandboxPorts + 1, host }, 'another PORT')
    await expect(start).rejects.toThrow(/needs the ports \d+ to 65536, beyond the last port 65535\. Lower PORT\./)
    await expect(start).rejects.toThrow(ConfigError)
  })

  it('reports an address of another host', async () => {
    const start = openSandbox({ port: 0, host: '192.0.2.1' }, 'another PORT')
    await expect(start).rejects.toThrow('is not an address of this host. Correct HOST.')
  })
})

describe('embedded stack start with an unusable data directory', () => {
  const start = (dataDir: string) =>
    startLocalStack({
      ...{ config: readConfig({}), dataDir, persistent: true, sandboxPort: 0 },
      logger: makeLogger({ level: 'silent' }),
    })

  it('reports the obstacle in one line', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'switchyard-odd-'))
    await chmod(dataDir, 0o755) // as root, Postgres runs under another account, which needs access
    await Promise.all([writeFile(join(dataDir, 'file'), ''), mkdir(join(dataDir, 'postgres'))])
    await writeFile(join(dataDir, 'postgres', 'thesis.tex'), '')
    const [fileError, otherError] = await Promise.all(
      [join(dataDir, 'file'), dataDir].map((dir) => start(dir).catch((error: unknown) => error)),
    )
    expect([fileError, otherError]).toEqual([expect.any(StartError), expect.any(StartError)])
    expect((fileError as Error).message).toMatch(/^Switchyard cannot start: .*secrets\.key .*Correct DATA_DIR\.$/)
    expect((otherError as Error).message).toMatch(
      /^Switchyard cannot start its embedded Postgres: .*DATA_DIR to another\.$/,
    )
    await rm(dataDir, { recursive: true, force: true })
  })

  it.each([
    ['secrets.key', 'not a key', /secrets\.key does not contain a key of 32 bytes\. Restore it/],
    ['sandbox.jsonl', '{"generation":1}\n{"gener\n', /sandbox\.jsonl is damaged \(.*\)\. Repair it, or remove it/],
  ])('reports a damaged %s', async (name, text, sentence) => {
    const dataDir = await mkdtemp(join(tmpdir(), 'switchyard-odd-'))
    await writeFile(join(dataDir, name), text)
    const error = await start(dataDir).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(StartError)
    expect((error as Error).message).toMatch(sentence)
    await rm(dataDir, { recursive: true, force: true })
  })
})
