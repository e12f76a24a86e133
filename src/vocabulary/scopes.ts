/** Permissions of a key. Each route declares the scopes that it requires. */
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

/** Callers that may submit workloads may also read connections; these contain no secrets. */
export const connectionReaders: readonly Scope[] = [
  'connections:manage',
  'jobs:read',
  'jobs:write',
  'environments:read',
  'environments:write',
]

export function isScope(value: unknown): value is Scope {
  return (scopes as readonly unknown[]).includes(value)
}

/** Whether a held scope is sufficient. `admin`, for operators of the installation, includes every other scope. */
export function permits(held: ReadonlySet<Scope>, needed: readonly Scope[]): boolean {
  return needed.length === 0 || held.has('admin') || needed.some((scope) => held.has(scope))
}
