import { readConfig } from '../config/config.ts'
import { makeLogger } from '../infra/logger.ts'
import { openSandbox } from './open-sandbox.ts'
import { untilSignal } from './until-signal.ts'

/** Runs only the sandbox: its control API on `PORT`, the providers on the following ports. */
export async function runSandbox(): Promise<void> {
  const config = readConfig()
  const logger = makeLogger({ level: config.LOG_LEVEL })
  const signal = untilSignal()
  const sandbox = await openSandbox({ port: config.PORT, host: config.HOST }, 'another PORT')
  logger.info({ control: sandbox.url, ...sandbox.urls }, 'sandbox ready')
  await signal
  await sandbox.close()
}
