import type { Call } from '../provider.ts'
import type { Collection, World } from '../world.ts'
import { hidden, unauthorized } from './errors.ts'
import { type JupyterhubAccount, type JupyterhubSettings, majorOf, type TokenData } from './wire.ts'

/** The authenticated caller. */
export interface Caller {
  readonly kind: 'service' | 'user'
  readonly name: string
  readonly scopes: readonly string[]
}

/** The resource of a call, to which scopes can be restricted. */
export interface Resource {
  user?: string
  /** `<user>/<server>` */
  server?: string
}

export interface Callers {
  /** The caller by `Authorization: token <t>` or `Bearer <t>`; undefined if the token is unknown. */
  of(call: Call): Caller | undefined
  /** The caller of a Jupyter server, which may also accept `?token=` from its user. The hub does not. */
  atServer(call: Call): Caller | undefined
}

export function makeCallers(
  accounts: readonly JupyterhubAccount[],
  { world, tokens, settings }: { world: World; tokens: Collection<TokenData>; settings: JupyterhubSettings },
): Callers {
  const expanded = (scopes: readonly string[]) =>
    majorOf(settings) < 6 ? scopes : [...new Set([...scopes, ...scopes.flatMap(startScopeOf)])]

  function holderOf(sent: string | null): Caller | undefined {
    const account = accounts.find(({ token }) => token === sent)
    if (account !== undefined) return { ...account, scopes: expanded(account.scopes.split(' ')) }
    const made = tokens.all().find(({ data }) => data.token === sent)?.data
    if (made === undefined || (made.expiresAt !== null && made.expiresAt <= world.now())) return undefined
    return { kind: 'user', name: made.user, scopes: expanded(made.scopes) }
  }

  return {
    of: (call) => holderOf(tokenIn(call)),
    atServer(call) {
      const { tokenInUrl } = settings
      const isTaken = tokenInUrl === 'default' ? majorOf(settings) < 5 : tokenInUrl === 'yes'
      return holderOf(tokenIn(call) ?? (isTaken ? call.query.get('token') : null))
    },
  }
}

function tokenIn({ headers }: Call): string | null {
  return /^(?:token|bearer)\s+(\S+)\s*$/i.exec(headers.authorization ?? '')?.[1] ?? null
}

/** From 6.0 on a start requires a separate scope, which `servers` includes. */
function startScopeOf(scope: string): string[] {
  return /^servers(!|$)/.test(scope) ? [`start:${scope}`] : []
}

/**
 * Requires one of the scopes, unfiltered or with a filter that includes the resource. A scope with another filter hides
 * the resource (404); without such a scope the rejection names the scopes (403).
 */
export function requireScope(caller: Caller | undefined, scopes: readonly string[], resource: Resource = {}): void {
  for (const scope of scopes) {
    const granted = (caller?.scopes ?? []).filter((each) => each === scope || each.startsWith(`${scope}!`))
    if (granted.length === 0) continue
    if (granted.includes(scope) || Object.keys(resource).length === 0) return
    if (Object.entries(resource).some(([filter, value]) => granted.includes(`${scope}!${filter}=${value}`))) return
    throw hidden()
  }
  throw unauthorized(scopes)
}

/** Whether a scope includes a resource. */
export function hasScope(caller: Caller | undefined, scope: string, resource: Resource): boolean {
  try {
    requireScope(caller, [scope], resource)
    return true
  } catch {
    return false
  }
}
