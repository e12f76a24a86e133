import type { OidcSettings } from '../access/oidc.ts'
import type { ListenClient } from '../events/change-notifier.ts'
import type { EdgeSettings } from '../http/server.ts'
import type { Clock } from '../infra/clock.ts'
import type { Database } from '../infra/database.ts'
import type { Logger } from '../infra/logger.ts'
import type { RequestRates } from '../infra/request-rates.ts'
import type { Provider } from '../providers/provider.ts'
import type { QueueBackend } from '../queue/backend.ts'
import type { WebhookSettings } from '../webhooks/webhook-settings.ts'
import type { EngineSettings, makeEngine } from './engine.ts'

/** What the composition root is handed. */
export interface ContainerDeps {
  database: Database
  /** A session that only listens; null where none is to be had. */
  connectListener: (() => ListenClient) | null
  backend: QueueBackend
  /** Keys of 32 bytes, in hex or base64, with commas between them: the first seals, each opens. */
  secretsKey: string
  clock: Clock
  logger: Logger
  version: string
  installationTag: string
  /** Null: nobody is limited. */
  requestRates: RequestRates | null
  settings: ContainerSettings
  /** The providers to know; all that are registered when absent. */
  providers?: readonly Provider[]
  /** Puts the engine together; a harness that takes a guard out of it hands in its own. */
  makeEngine?: typeof makeEngine
}

export interface ContainerSettings extends EngineSettings {
  bodyLimitBytes: number
  keyTtlHours: number
  /** How long and how often callers may wait for a change. */
  waiting: { maxSeconds: number; perCaller: number }
  /** How many streams of events a caller may have open. */
  streaming: { perCaller: number }
  /** Hosts, addresses and ranges that may be called although they are not public, or by http. */
  egressAllow: readonly string[]
  edge: EdgeSettings
  webhooks: WebhookSettings
  /** Requests of one caller within a window; null = as many as it likes. */
  requestRate: { requests: number; windowSeconds: number } | null
  /** Absent: API keys are the only way in. */
  oidc?: OidcSettings
}
