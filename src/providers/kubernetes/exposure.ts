import type { Json, JsonObject } from '../../vocabulary/json.ts'
import type { EnvironmentSpec } from '../../vocabulary/spec.ts'
import { readFlag, readList, readNumber, readObject, readText } from '../kit/fields.ts'
import { webUrl } from '../kit/web-url.ts'
import type { Access } from '../observation.ts'
import type { Dependents } from './environment-observation.ts'
import { managedBy, type ObjectId, tagIn, tagLabel } from './objects.ts'
import type { KubernetesSettings } from './settings.ts'

/** Deleted with the StatefulSet by the garbage collector. */
const ownedBy = ({ name, uid }: ObjectId) => [{ apiVersion: 'apps/v1', kind: 'StatefulSet', name, uid }]

interface Exposed {
  id: ObjectId
  correlationTag: string
  ports: NonNullable<EnvironmentSpec['ports']>
}

const metadataOf = ({ id, correlationTag }: Exposed) => ({
  name: id.name,
  labels: { ...managedBy, [tagLabel]: correlationTag },
  ownerReferences: ownedBy(id),
})

/** `http-8888` and `tcp-22`: the name records the protocol of a port. */
const portName = (port: number, protocol = 'tcp') => `${protocol}-${port}`

/** The Service by which other pods, and the Ingress, reach the ports. */
export function serviceOf(exposed: Exposed): JsonObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: metadataOf(exposed),
    spec: {
      selector: { [tagLabel]: exposed.correlationTag },
      ports: exposed.ports.map(({ port, protocol }) => ({ name: portName(port, protocol), port })),
    },
  }
}

/** The Ingress of the first http port; null if there is none, or the connection has no domain. */
export function ingressOf(exposed: Exposed, settings: KubernetesSettings): JsonObject | null {
  const { ingressDomain, ingressClass, ingressTls } = settings
  const http = exposed.ports.find(({ protocol }) => protocol === 'http')
  if (ingressDomain === undefined || http === undefined) return null
  const host = `${exposed.id.name}.${ingressDomain}`
  const backend = { service: { name: exposed.id.name, port: { number: http.port } } }
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: metadataOf(exposed),
    spec: {
      ...(ingressClass === undefined ? {} : { ingressClassName: ingressClass }),
      ...(ingressTls ? { tls: [{ hosts: [host] }] } : {}),
      rules: [{ host, http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }],
    },
  }
}

/** Whether an observed StatefulSet lacks the Service or the Ingress of its ports. */
export function lacksExposure(spec: EnvironmentSpec, payload: Json, settings: KubernetesSettings): boolean {
  const { ports = [] } = spec
  if (ports.length === 0) return false
  // A truncated payload is inconclusive; an update creates only missing objects.
  if (readFlag(payload, 'cut') === true) return true
  if (typeof tagIn(payload) !== 'string') return false
  const { services, ingresses } = payload as JsonObject
  if (!Array.isArray(services) || !Array.isArray(ingresses)) return false
  const needsIngress = settings.ingressDomain !== undefined && ports.some(({ protocol }) => protocol === 'http')
  return services.length === 0 || (needsIngress && ingresses.length === 0)
}

/** Addresses by Ingress, then those in the cluster. `kubectl exec` has none. */
export function accessTo({ services, ingresses }: Dependents, settings: KubernetesSettings): Access {
  const { namespace, clusterDomain } = settings
  const ports = services.flatMap((service) => {
    const host = `${readText(readObject(service, 'metadata'), 'name') ?? ''}.${namespace}.svc.${clusterDomain}`
    return readList(readObject(service, 'spec'), 'ports').flatMap((each) => portOf(each, host))
  })
  const outside = ingresses.flatMap((each) => hostsOf(each)).map((url) => ({ name: 'ingress', url }))
  const inside = ports.flatMap(({ port, url }) => (url === undefined ? [] : [{ name: `cluster-${port}`, url }]))
  return { urls: [...outside, ...inside], ports }
}

function portOf(port: Json, host: string): NonNullable<Access['ports']>[number][] {
  const number = readNumber(port, 'port')
  if (number === undefined) return []
  const isHttp = /^http/.test(readText(port, 'name') ?? '')
  return isHttp
    ? [{ port: number, protocol: 'http', url: webUrl(`http://${host}:${number}/`).href }]
    : [{ port: number, protocol: 'tcp' }]
}

function hostsOf(ingress: JsonObject): string[] {
  const spec = readObject(ingress, 'spec')
  const scheme = readList(spec, 'tls').length > 0 ? 'https' : 'http'
  return readList(spec, 'rules').flatMap((rule) => {
    const host = readText(rule, 'host')
    return host === undefined ? [] : [webUrl(`${scheme}://${host}/`).href]
  })
}
