import type { Driver } from '../../providers/driver.ts'
import type { Kind, Status, Verb } from '../../vocabulary/kinds.ts'
import type { WorkloadKind } from '../kind.ts'

/** Before dispatch everything can be canceled; afterwards the driver must support the action. Null = any status. */
export function requiredStatusFor<K extends Kind>(
  verb: Verb<K>,
  driver: Driver<K> | undefined,
  { waiting }: Pick<WorkloadKind<K>, 'waiting'>,
): Status<K> | null {
  return driver?.controls[verb] === undefined ? waiting : null
}
