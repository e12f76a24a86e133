/**
 * Defines the allowed status transitions. The keys are the statuses; a status without transitions is terminal. A target
 * that is not itself a key does not compile.
 */
export function defineTransitions<const S extends string>(table: Readonly<Record<S, readonly NoInfer<S>[]>>) {
  return Object.freeze(table)
}

export type Transitions<S extends string> = Readonly<Record<S, readonly S[]>>

/** Whether a transition is allowed; staying in a status always is. */
export function isAllowed<S extends string>(table: Transitions<S>, from: S, to: S): boolean {
  return from === to || table[from].includes(to)
}

export function isTerminal<S extends string>(table: Transitions<S>, status: S): boolean {
  return table[status].length === 0
}

export function statusesOf<S extends string>(table: Transitions<S>): readonly S[] {
  return Object.keys(table) as S[]
}

export function terminalStatuses<S extends string>(table: Transitions<S>): readonly S[] {
  return statusesOf(table).filter((status) => isTerminal(table, status))
}
