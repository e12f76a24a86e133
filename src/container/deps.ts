import type { OidcSettings } from '../access/oidc.ts'
import type { ListenClient } from '../events/change-notifier.ts'
import type { EdgeSettings } from '../http/server.ts'
import type { Clock } from '../infra/clock.ts'
import type { Database } from '../infra/database.ts'
import type { Logger } from '../infra/logger.ts'
import type { EgressProxySettings } from '../infra/proxy-server.ts'
import type { RequestRates } from '../infra/request-rates.ts'
import type { Provider } from '../providers/provider.ts'
import type { QueueBackend } from '../queue/backend.ts'
import type { Tracing } from '../telemetry/tracing.ts'
import type { WebhookSettings } from '../webhooks/webhook-settings.ts'
import type { EngineSettings, makeEngine } from './engine.ts'

/** Inputs of the composition root. */
export interface ContainerDeps {
  database: Database
  /** A session for LISTEN; null if unavailable. */
  connectListener: (() => ListenClient) | null
  backend: QueueBackend
  /** Keys of 32 bytes, in hex or base64, separated by commas: the first seals, all open. */
  secretsKey: string
  clock: Clock
  logger: Logger
  version: string
  installationTag: string
  /** Null = unlimited. */
  requestRates: RequestRates | null
  settings: ContainerSettings
  /** Absent: nothing is traced. */
  tracing?: Tracing
  /** Providers to serve; all registered ones if absent. */
  providers?: readonly Provider[]
  /** Receives the lines of `recordLogs`; standard output if absent. */
  writeRecords?: (text: string, signal: AbortSignal) => Promise<void>
  /** Builds the engine; tests that disable a safeguard pass another one. */
  makeEngine?: typeof makeEngine
}

export interface ContainerSettings extends EngineSettings {
  bodyLimitBytes: number
  /** Maximum size of a batch of jobs. */
  batchLimitBytes: number
  keyTtlHours: number
  /** Limits of long polling. */
  waiting: { maxSeconds: number; perCaller: number }
  /** Event streams per caller. */
  streaming: { perCaller: number }
  /** Hosts, addresses and ranges that may be called although they are not public or use http. */
  egressAllow: readonly string[]
  /** If absent, destinations are called directly. */
  egressProxy?: EgressProxySettings
  /** Whether proxies may resolve names that cannot be resolved here. */
  allowsUnresolved?: boolean
  edge: EdgeSettings
  webhooks: WebhookSettings
  /** Streams of records that are written to standard output. */
  recordLogs?: { audit: boolean; events: boolean }
  /** Requests per caller and window; null = unlimited. */
  requestRate: { requests: number; windowSeconds: number } | null
  /** If absent, only API keys are accepted. */
  oidc?: OidcSettings
}
