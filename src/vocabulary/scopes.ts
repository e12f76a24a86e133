/** What a key may do. Which route needs which scope is said at the route. */
export const scopes = [
  'jobs:read',
  'jobs:write',
  'environments:read',
  'environments:write',
  'environments:access',
  'connections:manage',
  'webhooks:manage',
  'admin',
] as const

export type Scope = (typeof scopes)[number]

export function isScope(value: unknown): value is Scope {
  return (scopes as readonly unknown[]).includes(value)
}

/** `admin` is for those who run the installation, and includes every other scope. */
export function permits(held: ReadonlySet<Scope>, needed: readonly Scope[]): boolean {
  return needed.length === 0 || held.has('admin') || needed.some((scope) => held.has(scope))
}
