import type { FieldRule, Fields, Violation } from '../fields.ts'
import { checkFields } from '../fields.ts'

// The type tables: https://api.ncloud-docs.com/docs/common-vapidatatype-aiapptypespec and its siblings.
const text: FieldRule = { type: 'string' }
const requiredText: FieldRule = { type: 'string', isRequired: true }
const id: FieldRule = { type: 'string', isRequired: true, min: 1, max: 22 }

const docker: Fields = {
  image: { ...requiredText, pattern: /^(dataforest\/)?([a-z0-9._-]{1,30}):([a-z0-9._-]{1,20})$/ },
  command: requiredText,
  args: text,
  env: { type: 'map', each: requiredText },
  exposeTcpPorts: { type: 'array', each: { type: 'integer', isRequired: true } },
  workdir: text,
}

const resource: Fields = {
  cpuCount: { type: 'integer' },
  gpuCount: { type: 'integer', min: 1, max: 8 },
  gpuModel: text,
  memoryMb: { type: 'integer' },
}

const data: Fields = {
  input: { type: 'array', each: { type: 'object', isRequired: true, fields: { hdfs: text, path: text } } },
  output: {
    type: 'array',
    each: { type: 'object', isRequired: true, fields: { hdfs: text, overwrite: { type: 'boolean' }, path: text } },
  },
}

const configuration: FieldRule = {
  type: 'object',
  isRequired: true,
  fields: {
    docker: { type: 'object', isRequired: true, fields: docker },
    data: { type: 'object', fields: data },
    name: text,
    queueName: text,
    resource: { type: 'object', fields: resource },
    userPackageUri: text,
  },
}

// "At most 15; begins with a lowercase letter; no two hyphens in a row, none at the end", as a regular expression.
const workspaceName: FieldRule = { ...requiredText, pattern: /^(?=.{1,15}$)[a-z][a-z0-9]*(-[a-z0-9]+)*$/ }

const searchByAccount: Fields = { search: { type: 'object', isRequired: true, fields: { accountId: id } } }

/** The rules of each operation's body, by operation name. */
export const bodies = {
  'accounts.getList': {},
  'aiworkspaces.create': {
    accountId: id,
    name: workspaceName,
    description: { type: 'string', max: 255 },
    configuration,
  },
  'aiworkspaces.checkAvailableName': { accountId: id, name: workspaceName },
  'aiworkspaces.getList': searchByAccount,
  'aiworkspaces.getDetail': { id },
  'aiworkspaces.getConfigurationList': { id },
  'aiworkspaces.setConfiguration': { id, configuration },
  'aiworkspaces.getDockerImageList': {
    search: {
      type: 'object',
      isRequired: true,
      fields: { typeName: { ...requiredText, oneOf: ['tensorflow', 'pytorch'] } },
    },
  },
  'aiworkspaces.delete': { id },
  'aiapps.submit': {
    aiWorkspaceId: id,
    namePrefix: { ...requiredText, min: 2, max: 8 },
    queueName: { ...requiredText, min: 1 },
    data: { type: 'object', isRequired: true, fields: data },
    docker: { type: 'object', isRequired: true, fields: docker },
    resource: { type: 'object', isRequired: true, fields: resource },
  },
  'aiapps.getList': searchByAccount,
  'aiapps.getDetail': { id },
  'aiapps.kill': { id },
} as const satisfies Record<string, Fields>

export type OperationName = keyof typeof bodies

/** The documented message of the first violated rule; `null` if the body is valid. */
export function objectionTo(operation: OperationName, body: unknown, refuseUnknown: boolean): string | null {
  const [first] = checkFields(body, bodies[operation], { refuseUnknown })
  return first === undefined ? null : wording(first)
}

/** `invalid request parameter (<path>, '<value>'). <cause>`: the format of the only documented sample. */
function wording({ path, value, broken, rule }: Violation): string {
  const shown = typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value ?? null)
  return `invalid request parameter (${path}, '${shown}'). ${messageOf(broken, rule)}`
}

// Only the ending of the pattern message is documented, in Hibernate Validator's Korean wording; the others follow
// that.
function messageOf(broken: Violation['broken'], rule: FieldRule | null): string {
  switch (broken) {
    case 'pattern':
      return `"${rule?.pattern?.source.replaceAll('\\/', '/')}"와 일치해야 합니다`
    case 'required':
      return '널이어서는 안됩니다'
    case 'size':
      return `크기가 ${rule?.min ?? 0}에서 ${rule?.max} 사이여야 합니다`
    case 'range':
      return `${rule?.min}에서 ${rule?.max} 사이여야 합니다`
    case 'choice':
      return `"${rule?.oneOf?.join('|')}"와 일치해야 합니다`
    case 'type':
      return `not a valid ${rule?.type}`
    case 'unknown':
      return 'unrecognized field'
  }
}
