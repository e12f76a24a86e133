import type { Call, ProviderResponse } from '../provider.ts'
import { frameworkError, ok, ScnetError } from './envelope.ts'
import { type Gate, requiredParam } from './service.ts'

/** The resource groups for containers. The documented response is truncated, so its format is invented. */
export function listGroups(gate: Gate, call: Call): ProviderResponse {
  const { region } = gate.regionCallerOf(call)
  return ok(region.groups.map(({ resourceGroup, acceleratorType }) => ({ resourceGroup, acceleratorType })))
}

/** The limits of one instance in a group. */
export function limitsOfGroup(gate: Gate, call: Call): ProviderResponse {
  const { region, account } = gate.regionCallerOf(call)
  const acceleratorType = requiredParam(call.query, 'acceleratorType')
  const name = requiredParam(call.query, 'resourceGroup')
  const at = region.groups.findIndex((group) => group.resourceGroup === name)
  const group = region.groups[at]
  if (group === undefined || group.acceleratorType !== acceleratorType) throw new ScnetError('10004', 'resourceGroup')
  const ofType = (type: string) => (type === acceleratorType ? group.gpuNumber : 0)
  return ok({
    id: at + 1,
    userName: account.clusterUser,
    resourceGroup: name,
    cpuNumber: group.cpuNumber,
    gpuNumber: group.gpuNumber,
    dcuLimits: ofType('dcu'),
    mluLimits: ofType('mlu'),
    nvLimits: ofType('gpu'),
    memorySize: group.memorySize,
    nodeNumber: group.nodeNumber,
    maxTime: 'unlimited',
  })
}

/** The region's one scheduler. */
export function listClusters(gate: Gate, call: Call): ProviderResponse {
  const { region } = gate.regionCallerOf(call)
  const cluster = {
    id: region.schedulerId,
    text: region.name,
    JobManagerType: 'SLURM',
    JobManagerAddr: '10.0.35.1',
    JobManagerPort: 6817,
  }
  return ok([cluster], 'SUCCESS')
}

/** The queues of the caller's cluster account only. */
export function listQueues(gate: Gate, call: Call): ProviderResponse {
  const { region, account } = gate.regionCallerOf(call)
  const schedulerId = requiredParam(call.query, 'strJobManagerID')
  if (schedulerId !== String(region.schedulerId)) throw new ScnetError('10004', 'strJobManagerID')
  if (call.params.user !== account.clusterUser) throw new ScnetError('10009', call.params.user)
  return ok(region.queues, 'SUCCESS')
}

/** The response of a disabled route. */
export function disabledRoute(call: Call): ProviderResponse {
  return frameworkError(404, call)
}
