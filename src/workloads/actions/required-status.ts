import type { Driver } from '../../providers/driver.ts'
import type { Action, Kind, Status } from '../../vocabulary/kinds.ts'
import type { WorkloadKind } from '../kind.ts'

/** Before dispatch everything can be canceled; afterwards the driver must support the action. Null = any status. */
export function requiredStatusFor<K extends Kind>(
  action: Action<K>,
  driver: Driver<K> | undefined,
  { waiting }: Pick<WorkloadKind<K>, 'waiting'>,
): Status<K> | null {
  return driver?.controls[action] === undefined ? waiting : null
}
