import type { FieldRule, Fields } from '../fields.ts'

/** Fields of the reference that clients may send. https://kubernetes.io/docs/reference/kubernetes-api/ */
const text: FieldRule = { type: 'string' }
const flag: FieldRule = { type: 'boolean' }
const count: FieldRule = { type: 'integer', min: 0 }
const map: FieldRule = { type: 'map', each: text }
const listOf = (fields: Fields): FieldRule => ({ type: 'array', each: { type: 'object', fields } })
const names = listOf({ name: text })

const metadata: FieldRule = {
  type: 'object',
  isRequired: true,
  fields: {
    name: { ...text, isRequired: true },
    namespace: text,
    labels: map,
    annotations: map,
    ownerReferences: listOf({
      ...{ apiVersion: text, kind: text, name: text, uid: text },
      ...{ controller: flag, blockOwnerDeletion: flag },
    }),
  },
}

const container: Fields = {
  name: { ...text, isRequired: true, pattern: /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/ },
  image: { ...text, isRequired: true, min: 1 },
  imagePullPolicy: { ...text, oneOf: ['Always', 'IfNotPresent', 'Never'] },
  command: { type: 'array', each: text },
  args: { type: 'array', each: text },
  workingDir: text,
  env: listOf({ name: { ...text, isRequired: true, min: 1 }, value: text }),
  ports: listOf({ containerPort: { type: 'integer', min: 1, max: 65_535 }, name: text, protocol: text }),
  resources: { type: 'object', fields: { limits: map, requests: map } },
  volumeMounts: listOf({
    name: { ...text, isRequired: true },
    mountPath: { ...text, isRequired: true },
    subPath: text,
    readOnly: flag,
  }),
}

const podSpec: Fields = {
  restartPolicy: { ...text, oneOf: ['Always', 'OnFailure', 'Never'] },
  activeDeadlineSeconds: { type: 'integer', min: 1 },
  automountServiceAccountToken: flag,
  enableServiceLinks: flag,
  hostNetwork: flag,
  serviceAccountName: text,
  priorityClassName: text,
  terminationGracePeriodSeconds: count,
  imagePullSecrets: names,
  nodeSelector: map,
  tolerations: listOf({ key: text, operator: { ...text, oneOf: ['Exists', 'Equal'] }, value: text, effect: text }),
  containers: { type: 'array', isRequired: true, min: 1, each: { type: 'object', fields: container } },
  volumes: listOf({
    name: { ...text, isRequired: true },
    persistentVolumeClaim: { type: 'object', fields: { claimName: text, readOnly: flag } },
    emptyDir: { type: 'object', fields: { medium: text, sizeLimit: text } },
  }),
}

const template: FieldRule = {
  type: 'object',
  isRequired: true,
  fields: {
    metadata: { type: 'object', fields: { labels: map, annotations: map } },
    spec: { type: 'object', isRequired: true, fields: podSpec },
  },
}

const top = (spec: Fields): Fields => ({
  apiVersion: { ...text, isRequired: true },
  kind: { ...text, isRequired: true },
  metadata,
  spec: { type: 'object', isRequired: true, fields: spec },
})

export const jobSchema = top({
  activeDeadlineSeconds: { type: 'integer', min: 1 },
  backoffLimit: count,
  completionMode: { ...text, oneOf: ['NonIndexed', 'Indexed'] },
  completions: count,
  parallelism: count,
  suspend: flag,
  template,
  ttlSecondsAfterFinished: count,
})

const claimTemplate: Fields = {
  metadata: { type: 'object', fields: { name: text, labels: map } },
  spec: {
    type: 'object',
    fields: {
      accessModes: { type: 'array', each: text },
      storageClassName: text,
      resources: { type: 'object', fields: { requests: map } },
    },
  },
}

export const statefulSetSchema = top({
  replicas: count,
  serviceName: text,
  podManagementPolicy: { ...text, oneOf: ['OrderedReady', 'Parallel'] },
  persistentVolumeClaimRetentionPolicy: { type: 'object', fields: { whenDeleted: text, whenScaled: text } },
  selector: { type: 'object', isRequired: true, fields: { matchLabels: map } },
  template,
  volumeClaimTemplates: listOf(claimTemplate),
})

export const serviceSchema = top({
  type: { ...text, oneOf: ['ClusterIP', 'NodePort', 'LoadBalancer'] },
  clusterIP: text,
  selector: map,
  ports: listOf({ name: text, port: { type: 'integer', min: 1, max: 65_535 }, targetPort: count, protocol: text }),
})

const backend: FieldRule = {
  type: 'object',
  fields: {
    service: {
      type: 'object',
      fields: { name: text, port: { type: 'object', fields: { number: count, name: text } } },
    },
  },
}

export const ingressSchema = top({
  ingressClassName: text,
  tls: listOf({ hosts: { type: 'array', each: text }, secretName: text }),
  rules: listOf({
    host: text,
    http: {
      type: 'object',
      fields: { paths: listOf({ path: text, pathType: text, backend }) },
    },
  }),
})
