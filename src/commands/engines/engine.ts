import { connect } from 'node:net'
import type { EngineVariables } from '../../config/engine-settings.ts'
import type { JsonObject } from '../../vocabulary/json.ts'
import type { ApiRecord } from '../api-client.ts'

/** An engine that was found, as `POST /connections` describes it. */
export interface Engine {
  title: string
  provider: string
  /** Its API, to which requests must be allowed. */
  url: string
  settings: JsonObject
  credentials: JsonObject
  /** What an ended job printed, if the provider's API has no logs of jobs. */
  output?(job: ApiRecord): Promise<string>
}

/** How an engine is found: by the variables of its own clients, or at its usual address. */
export interface EngineFinder {
  title: string
  /** The engine, or what is missing. Starts nothing and sends nothing. */
  find(env: EngineVariables): Promise<Engine | { missing: string }>
  /** How to start one on this machine. */
  start: string
}

const connectWithinMs = 2000

/** Whether something listens at the address of a URL. */
export function isListening(url: string): Promise<boolean> {
  const { hostname, port, protocol } = new URL(url)
  const host = hostname.replace(/^\[|\]$/g, '')
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(port) || (protocol === 'https:' ? 443 : 80) })
    const end = (isOpen: boolean) => {
      socket.destroy()
      resolve(isOpen)
    }
    socket.setTimeout(connectWithinMs, () => end(false))
    socket.once('connect', () => end(true)).once('error', () => end(false))
  })
}
