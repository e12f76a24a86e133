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
/** The control API's, and one for each provider. */
const sandboxPorts = 1 + Object.keys(sandboxProviders).length

describe('the sandbox, where its ports are not to be had', () => {
  it.each([0, 3])('names the port that is in use: its own plus %i', async (offset) => {
    const first = await freePorts(sandboxPorts)
    const port = first + offset
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(port, host, resolve))
    const opened = openSandbox({ port: first, host }, 'another PORT')
    await expect(opened).rejects.toThrow(
      new StartError(
        `Switchyard cannot start: 127.0.0.1:${port}, a port of the sandbox, is in use. Stop the other process, or set another PORT.`,
      ),
    )
    other.close()
  })

  it('says that there are not enough of them after PORT', async () => {
    const opened = openSandbox({ port: 65_536 - sandboxPorts + 1, host }, 'another PORT')
    await expect(opened).rejects.toThrow(/needs the ports \d+ to 65536, beyond the last port 65535\. Lower PORT\./)
    await expect(opened).rejects.toThrow(ConfigError)
  })

  it('names what is no address of this machine', async () => {
    const opened = openSandbox({ port: 0, host: '192.0.2.1' }, 'another PORT')
    await expect(opened).rejects.toThrow('is not an address of this host. Correct HOST.')
  })
})

describe('an embedded stack, where its data directory cannot be used', () => {
  const start = (dataDir: string) =>
    startLocalStack({
      ...{ config: readConfig({}), dataDir, persistent: true, sandboxPort: 0 },
      logger: makeLogger({ level: 'silent' }),
    })

  it('names what is in the way, in one line', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'switchyard-odd-'))
    await chmod(dataDir, 0o755) // run by root, Postgres has another account, which must get in
    await Promise.all([writeFile(join(dataDir, 'file'), ''), mkdir(join(dataDir, 'postgres'))])
    await writeFile(join(dataDir, 'postgres', 'thesis.tex'), '')
    const [onFile, onOther] = await Promise.all(
      [join(dataDir, 'file'), dataDir].map((dir) => start(dir).catch((error: unknown) => error)),
    )
    expect([onFile, onOther]).toEqual([expect.any(StartError), expect.any(StartError)])
    expect((onFile as Error).message).toMatch(/^Switchyard cannot start: .*secrets\.key .*Correct DATA_DIR\.$/)
    expect((onOther as Error).message).toMatch(
      /^Switchyard cannot start its embedded Postgres: .*DATA_DIR to another\.$/,
    )
    await rm(dataDir, { recursive: true, force: true })
  })

  it.each([
    ['secrets.key', 'not a key', /secrets\.key does not contain a key of 32 bytes\. Restore it/],
    ['sandbox.jsonl', '{"generation":1}\n{"gener\n', /sandbox\.jsonl is damaged \(.*\)\. Repair it, or remove it/],
  ])('names a %s that is damaged', async (name, text, sentence) => {
    const dataDir = await mkdtemp(join(tmpdir(), 'switchyard-odd-'))
    await writeFile(join(dataDir, name), text)
    const error = await start(dataDir).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(StartError)
    expect((error as Error).message).toMatch(sentence)
    await rm(dataDir, { recursive: true, force: true })
  })
})
