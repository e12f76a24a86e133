import type { Unheld } from '../../connections/orphans.ts'
import type { Driver } from '../../providers/driver.ts'
import type { OpenSecrets } from '../../secrets/secret-variables.ts'
import type { Kind } from '../../vocabulary/kinds.ts'
import type { Write, Written } from '../apply/writes.repository.ts'
import type { Budget } from '../engine/budget.ts'
import type { PollIntervals, WorkloadKind, WorkloadKinds } from '../kind.ts'
import type { ChangeNotifier, Connections, EngineObserver, Log } from '../ports.ts'
import type { ObservationCache } from './observation-cache.ts'
import type { ClaimedSweep, SweepsRepository } from './sweeps.repository.ts'

export interface SweepDeps {
  kinds: WorkloadKinds
  repository: SweepsRepository
  connections: Connections
  secretsOfAll: OpenSecrets['ofAll']
  budget: Pick<Budget, 'take'>
  write(write: Write): Promise<Written>
  unheld: Unheld
  installationTag: string
  notifier: ChangeNotifier
  observer: Pick<EngineObserver, 'scan'>
  log: Log
  pollIntervals: PollIntervals
  bounds: SweepBounds
  shutdown: AbortSignal
}

export interface SweepBounds {
  minMs: number
  maxMs: number
  /** Maximum duration of reading one page. */
  callTimeoutMs: number
  maxPages: number
  maxWatched: number
  /** An object younger than this may be missing from a list. */
  graceMs: number
}

/** Dependencies of one scan. */
export interface ScanDeps<K extends Kind> extends SweepDeps {
  kind: WorkloadKind<K>
  driver: Driver<K>
  claimed: ClaimedSweep
  cache: ObservationCache
}
