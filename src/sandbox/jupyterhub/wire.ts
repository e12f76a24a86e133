/** A caller that the hub knows from its configuration: a service, or a user with a token of its own. */
export type JupyterhubAccount = {
  readonly token: string
  /** Whose servers it may start. */
  readonly username: string
  readonly kind: 'service' | 'user'
  readonly name: string
  /** The expanded scopes, separated by spaces. */
  readonly scopes: string
}

/** Speeds in milliseconds, and what a hub's operator can set. */
export type JupyterhubSettings = {
  listLagMs: number
  /** 0: a start answers 201, the server is ready; else 202 and it is pending. */
  spawnMs: number
  /** 0: a stop answers 204; else 202. */
  stopMs: number
  /** Every start fails when its time is over: the server is stopped again, and nothing says why. */
  failSpawns: boolean
  allowNamedServers: boolean
  /** 0: without limit. */
  namedServerLimit: number
  activeServerLimit: number
  concurrentSpawnLimit: number
  /** Its first number decides where versions differ: 3.0.0, 4.1.6, 5.5.4 and 6.1.1 were recorded. */
  version: string
  /** `allow_token_in_url` of the servers: `default` is what the version does unless told otherwise. */
  tokenInUrl: string
}

/** The first number of the hub's version. */
export function majorOf({ version }: JupyterhubSettings): number {
  return Number.parseInt(version, 10)
}

/** What the sandbox keeps of a user. */
export interface UserData {
  lastActivityAt: number | null
}

/** What the sandbox keeps of a named server. */
export interface ServerData {
  user: string
  options: unknown
  /** Undefined: its name. */
  displayName: string | undefined
}

/** What the sandbox keeps of a token that was asked for. */
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
