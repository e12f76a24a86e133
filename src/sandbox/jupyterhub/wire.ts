/** A caller from the hub's configuration: a service, or a user with a token. */
export type JupyterhubAccount = {
  readonly token: string
  /** The user whose servers it may start. */
  readonly username: string
  readonly kind: 'service' | 'user'
  readonly name: string
  /** The expanded scopes, separated by spaces. */
  readonly scopes: string
}

/** Durations in milliseconds, and settings of a hub's operator. */
export type JupyterhubSettings = {
  listLagMs: number
  /** 0: a start returns 201 with a ready server; else 202 with a pending one. */
  spawnMs: number
  /** 0: a stop returns 204; else 202. */
  stopMs: number
  /** Every start fails after its duration: the server is stopped again, without a reason. */
  failSpawns: boolean
  allowNamedServers: boolean
  /** 0: unlimited. */
  namedServerLimit: number
  activeServerLimit: number
  concurrentSpawnLimit: number
  /** The major version selects the behaviour: 3.0.0, 4.1.6, 5.5.4 and 6.1.1 were recorded. */
  version: string
  /** `allow_token_in_url` of the servers: `default` is the default of the version. */
  tokenInUrl: string
}

/** The major version of the hub. */
export function majorOf({ version }: JupyterhubSettings): number {
  return Number.parseInt(version, 10)
}

/** The stored data of a user. */
export interface UserData {
  lastActivityAt: number | null
}

/** The stored data of a named server. */
export interface ServerData {
  user: string
  options: unknown
  /** Defaults to the name. */
  displayName: string | undefined
}

/** The stored data of a requested token. */
export interface TokenData {
  token: string
  user: string
  scopes: readonly string[]
  /** Epoch ms; `null` = never. */
  expiresAt: number | null
}

/** The hub's timestamps: UTC with microseconds. */
export function hubTime(at: number): string {
  return new Date(at).toISOString().replace('Z', '000Z')
}
