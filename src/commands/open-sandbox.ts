import { ConfigError } from '../config/config.ts'
import { sandboxProviders } from '../sandbox/registry.ts'
import { type Sandbox, startSandbox } from '../sandbox/server.ts'
import { journalError, listenError } from './start-error.ts'

interface SandboxLocation {
  /** The first port; 0 = any free ports. */
  port: number
  host: string
  journalFile?: string
}

const lastPort = 65_535

/**
 * Starts the sandbox with every provider.
 *
 * @param otherSetting the setting that selects other ports
 * @throws StartError or ConfigError if its ports are unavailable or its journal is unreadable
 */
export async function openSandbox(place: SandboxLocation, otherSetting: string): Promise<Sandbox> {
  const last = place.port + Object.keys(sandboxProviders).length
  if (last > lastPort)
    throw new ConfigError([
      `The sandbox needs the ports ${place.port} to ${last}, beyond the last port ${lastPort}. Lower PORT.`,
    ])
  return startSandbox(place).catch((error: unknown) => {
    const { port = place.port } = error as { port?: number }
    const startError = listenError({ host: place.host, port, what: ', a port of the sandbox,', otherSetting }, error)
    throw (
      (startError === error && place.journalFile !== undefined && journalError(place.journalFile, error)) || startError
    )
  })
}
