import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ConfigError, readConfig, readEngineVariables } from '../config/config.ts'
import { makeLogger } from '../infra/logger.ts'
import { makeApiClient } from './api-client.ts'
import { makeScenarios } from './demo-scenarios.ts'
import { makeEngineScenario } from './engines/engine-scenario.ts'
import { type EngineName, engineNames, findEngine } from './engines/find-engine.ts'
import { startLocalStack } from './local-stack.ts'
import { runScenarios } from './run-scenarios.ts'
import { untilSignal } from './until-signal.ts'

/** Short intervals, and no shedding of load. Nothing else differs from a real service. */
const quick = {
  PORT: '0',
  POLL_INTERVAL_MS: '100',
  SWEEP_MIN_INTERVAL_MS: '200',
  SWEEP_MAX_INTERVAL_MS: '2000',
  // The only client must not be refused on a busy machine.
  MAX_EVENT_LOOP_DELAY_MS: '0',
  LOG_LEVEL: 'warn',
}

/** Timeout of each step of a scenario. */
const scenarioLimitMs = 90_000

const usage = `Usage: main.ts demo [--engine [auto|${engineNames.join('|')}]]`

/**
 * Starts the whole stack on free ports and sends the documentation's example requests to every provider over HTTP; with
 * `--engine` the portable job to a real engine. Exits with code 0 only if every job succeeded and every environment
 * reached the expected status and was deleted.
 */
export async function demo(args: readonly string[] = []): Promise<void> {
  const name = engineIn(args)
  const engine = name === null ? null : await findEngine(name, readEngineVariables())
  const config = readConfig({ ...quick, ...(engine && { EGRESS_ALLOW: new URL(engine.url).host }) })
  const interrupted = untilSignal().then(() => ['interrupted'])
  const dataDir = await mkdtemp(join(tmpdir(), 'switchyard-demo-'))
  print('Starting Postgres, the sandbox providers, the API and the workers …')
  const stack = await startLocalStack({
    config,
    dataDir,
    persistent: false,
    sandboxPort: 0,
    logger: makeLogger({ level: config.LOG_LEVEL }),
  })
  try {
    const api = makeApiClient(stack.url, stack.apiKey)
    const run = async () => {
      const scenarios = engine === null ? makeScenarios(stack.sandbox) : [await makeEngineScenario(api, engine)]
      return runScenarios(api, scenarios, { limitMs: scenarioLimitMs, print })
    }
    report(
      await Promise.race([
        run(),
        interrupted,
        stack.lost.then(({ message }) => [`embedded Postgres failed: ${message}`]),
      ]),
    )
  } finally {
    await stack.stop()
    await rm(dataDir, { recursive: true, force: true })
  }
}

/** `--engine`, `--engine <name>` or `--engine=<name>`; null without it. */
function engineIn(args: readonly string[]): EngineName | 'auto' | null {
  if (args.length === 0) return null
  const [option, value = 'auto', ...more] = args.flatMap((arg) => arg.split('=', 2))
  const name = (['auto', ...engineNames] as const).find((each) => each === value)
  if (option !== '--engine' || name === undefined || more.length > 0) {
    throw new ConfigError([`"${args.join(' ')}" is not an argument of demo. ${usage}`])
  }
  return name
}

function report(failures: readonly string[]): void {
  print(
    failures.length === 0
      ? '\nAll scenarios succeeded.'
      : `\nFailures:\n${failures.map((failure) => `  ✗ ${failure}`).join('\n')}`,
  )
  process.exitCode = failures.length === 0 ? 0 : 1
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
