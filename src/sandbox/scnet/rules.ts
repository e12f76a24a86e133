import { checkFields, type FieldRule, type Fields, type Violation } from '../fields.ts'
import { ScnetError } from './envelope.ts'
import { type ContainerRequest, type JobRequest, parseClockMs, type ScnetSettings } from './wire.ts'

const text: FieldRule = { type: 'string' }
const requiredText: FieldRule = { type: 'string', isRequired: true, min: 1 }
const count: FieldRule = { type: 'integer', isRequired: true, min: 1 }
const oneOf = (...values: readonly string[]): FieldRule => ({ ...requiredText, oneOf: values })

// The parameter table of https://www.scnet.cn/ac/openapi/doc/2.0/api/container/create.html
const containerFields: Fields = {
  instanceServiceName: requiredText,
  description: text,
  taskType: oneOf('ssh', 'jupyter', 'codeserver', 'rstudio'),
  acceleratorType: oneOf('mlu', 'dcu', 'gpu', 'cpu'),
  version: requiredText,
  imagePath: requiredText,
  // Documented as "auto-stop time", 01:00:00; the example sends `unlimited`; clients send 360:00:00.
  timeoutLimit: { ...requiredText, pattern: /^(unlimited|\d{2,}:[0-5]\d:[0-5]\d)$/ },
  taskNumber: count,
  resourceGroup: requiredText,
  cpuNumber: count,
  gpuNumber: { type: 'integer', isRequired: true, min: 0 },
  ramSize: count,
  useStartScript: { type: 'boolean', isRequired: true },
  startScriptActionScope: oneOf('all', 'header'),
  startScriptContent: text,
  mountInfoList: {
    type: 'array',
    each: {
      type: 'object',
      isRequired: true,
      fields: { sourcePath: requiredText, targetPath: requiredText, type: oneOf('data', 'path') },
    },
  },
  containerPortInfoList: {
    type: 'array',
    each: { type: 'object', isRequired: true, fields: { protocolType: oneOf('SSH', 'HTTP') } },
  },
}

/** Rejects a container body that violates a documented rule. */
export function readContainerRequest(body: Record<string, unknown>, settings: ScnetSettings): ContainerRequest {
  // The port is documented as `int` and sent as a string, so it is checked separately; here it only has to be a known
  // field.
  const { each, ...list } = containerFields.containerPortInfoList as FieldRule & { each: FieldRule }
  const port = { containerPort: typeOfPort(settings) }
  const fields = {
    ...containerFields,
    containerPortInfoList: { ...list, each: { ...each, fields: { ...each.fields, ...port } } },
  }
  const asStrings = settings.containerPortType === 'any' ? withPortsAsStrings(body) : body
  refuseFirst(checkFields(asStrings, fields, { refuseUnknown: settings.refuseUnknownFields }))
  const request = body as unknown as ContainerRequest
  checkScript(request, settings)
  return request
}

function typeOfPort({ containerPortType }: ScnetSettings): FieldRule {
  if (containerPortType === 'int') return { type: 'integer', isRequired: true, min: 1, max: 65_535 }
  const decimal = /^(?!0)(?:\d{1,4}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d{2}|655[0-2]\d|6553[0-5])$/
  return { ...requiredText, pattern: decimal }
}

function withPortsAsStrings(body: Record<string, unknown>): Record<string, unknown> {
  const ports = body.containerPortInfoList
  if (!Array.isArray(ports)) return body
  const asString = (item: unknown) => {
    const port = (item as { containerPort?: unknown } | null)?.containerPort
    return typeof port === 'number' ? { ...(item as object), containerPort: String(port) } : item
  }
  return { ...body, containerPortInfoList: ports.map(asString) }
}

function checkScript({ useStartScript, startScriptContent }: ContainerRequest, settings: ScnetSettings): void {
  const script = startScriptContent ?? ''
  if (useStartScript && script === '') throw new ScnetError('10003', 'startScriptContent')
  const isCutOff = script.includes('\n') && !script.endsWith('\n')
  if (settings.scriptLinesMustEnd && isCutOff) throw new ScnetError('10004', 'startScriptContent')
}

// https://www.scnet.cn/ac/openapi/doc/2.0/api/jobmanager/job.html; every value is a string.
const jobFields: Fields = {
  GAP_CMD_FILE: requiredText,
  GAP_NNODE: text,
  GAP_NODE_STRING: text,
  GAP_SUBMIT_TYPE: oneOf('cmd'),
  GAP_JOB_NAME: requiredText,
  GAP_WORK_DIR: requiredText,
  GAP_QUEUE: requiredText,
  GAP_WALL_TIME: { ...requiredText, pattern: /^\d{2,}:[0-5]\d:[0-5]\d$/ },
  GAP_APPNAME: oneOf('BASE'),
  GAP_STD_OUT_FILE: requiredText,
  GAP_STD_ERR_FILE: requiredText,
  GAP_NPROC: { ...text, pattern: /^\d*$/ },
  GAP_PPN: { ...text, pattern: /^\d*$/ },
  GAP_NGPU: { ...text, pattern: /^\d*$/ },
  GAP_NDCU: { ...text, pattern: /^\d*$/ },
  GAP_JOB_MEM: { ...text, pattern: /^(\d+(MB|GB))?$/ },
  GAP_EXCLUSIVE: text,
  // Up to 50 are documented, but not the resulting `data`: more than one are not emulated.
  GAP_MULTI_SUB: { ...text, pattern: /^1?$/ },
}

/** Rejects a submit that violates a documented rule. */
export function readJobRequest(body: Record<string, unknown>, { refuseUnknownFields }: ScnetSettings): JobRequest {
  const outer: Fields = { mapAppJobInfo: { type: 'object', isRequired: true, fields: jobFields } }
  const { mapAppJobInfo } = body
  refuseFirst(checkFields({ mapAppJobInfo }, outer, { refuseUnknown: refuseUnknownFields }))
  const request = mapAppJobInfo as unknown as JobRequest
  if (isGiven(request.GAP_NNODE) === isGiven(request.GAP_NODE_STRING)) {
    throw new ScnetError(isGiven(request.GAP_NNODE) ? '10004' : '10003', 'GAP_NNODE, GAP_NODE_STRING')
  }
  if (isGiven(request.GAP_NNODE) && !/^[1-9]\d*$/.test(request.GAP_NNODE)) throw new ScnetError('10004', 'GAP_NNODE')
  if (isGiven(request.GAP_NPROC) && isGiven(request.GAP_PPN)) throw new ScnetError('10004', 'GAP_NPROC, GAP_PPN')
  if (parseClockMs(request.GAP_WALL_TIME) === 0) throw new ScnetError('10004', 'GAP_WALL_TIME')
  return request
}

function isGiven(value: string | undefined | null): value is string {
  return value !== undefined && value !== null && value !== ''
}

function refuseFirst([first]: readonly Violation[]): void {
  if (first === undefined) return
  const isMissing = first.broken === 'required' || (first.broken === 'size' && first.value === '')
  throw new ScnetError(isMissing ? '10003' : '10004', first.path)
}
