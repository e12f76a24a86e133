import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readConfig } from '../config/config.ts'
import { makeLogger } from '../infra/logger.ts'
import { makeApiClient } from './api-client.ts'
import { makeStories } from './demo-scenarios.ts'
import { startLocalStack } from './local-stack.ts'
import { runStories } from './run-scenarios.ts'
import { untilSignal } from './until-signal.ts'

/** Short intervals. Only the timing differs from a real service. */
const quick = {
  PORT: '0',
  POLL_INTERVAL_MS: '100',
  SWEEP_MIN_INTERVAL_MS: '200',
  SWEEP_MAX_INTERVAL_MS: '2000',
  LOG_LEVEL: 'warn',
}

/** Timeout of each step of a story. */
const storyLimitMs = 90_000

/**
 * Starts the whole stack on free ports and sends the documentation's example requests to every provider over HTTP.
 * Exits with code 0 only if every job succeeded and every environment reached the expected status and was deleted.
 */
export async function demo(): Promise<void> {
  const config = readConfig({ ...quick })
  const interrupted = untilSignal().then(() => ['interrupted'])
  const dataDir = await mkdtemp(join(tmpdir(), 'switchyard-demo-'))
  say('Starting Postgres, the sandbox providers, the API and the workers …')
  const stack = await startLocalStack({
    config,
    dataDir,
    persistent: false,
    sandboxPort: 0,
    logger: makeLogger({ level: config.LOG_LEVEL }),
  })
  try {
    const api = makeApiClient(stack.url, stack.apiKey)
    const failures = await Promise.race([
      runStories(api, makeStories(stack.sandbox), { limitMs: storyLimitMs, say }),
      interrupted,
      stack.lost.then(({ message }) => [`embedded Postgres failed: ${message}`]),
    ])
    say(
      failures.length === 0
        ? '\nAll scenarios succeeded.'
        : `\nFailures:\n${failures.map((failure) => `  ✗ ${failure}`).join('\n')}`,
    )
    process.exitCode = failures.length === 0 ? 0 : 1
  } finally {
    await stack.stop()
    await rm(dataDir, { recursive: true, force: true })
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
