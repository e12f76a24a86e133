import Fastify from 'fastify'
import { describe, expect, it } from 'vitest'
import { openInertly, optionSchemasOf } from '../../src/capabilities/describe-provider.ts'
import { makeEnvironmentSchemas } from '../../src/environments/environment.schemas.ts'
import { compilersFactory } from '../../src/http/compilers.ts'
import { makeJobSchemas } from '../../src/jobs/job.schemas.ts'
import type { Driver } from '../../src/providers/driver.ts'
import { checkSpec, withDefaults } from '../../src/providers/field-rules.ts'
import { providers } from '../../src/providers/registry.ts'
import type { Kind, Spec } from '../../src/vocabulary/kinds.ts'

/**
 * The requests that the vendors print in their documentation, as portable requests, and the exact bytes sent for each.
 * Placeholders of the pages are filled in, and a correlation tag is added.
 */
const examples = [
  {
    page: 'https://api.ncloud-docs.com/docs/analytics-dataforest-aiworkspaces-create',
    provider: 'dataforest',
    kind: 'environment',
    correlationTag: 'm7k2m9qd4xwa',
    request:
      '{"provider":"dataforest","name":"api-test","description":"test","image":"tensorflow:r2.3.1-py3","command":["ls"],"workingDirectory":"/root/","queue":"gpu","resources":{"cpus":1,"memoryMiB":1024,"accelerator":{"kind":"gpu","model":"T4","count":1}},"inputs":[{"source":"string","path":"string"}],"outputs":[{"destination":"string","path":"string","overwrite":true}],"providerOptions":{"dataforest":{"configurationName":"test","userPackageUri":"string"}}}',
    sent: 'POST /api/v2/aiworkspaces/create',
    body: '{"accountId":"6COytUeFj7b8eOhq2L5zL","configuration":{"data":{"input":[{"hdfs":"string","path":"string"}],"output":[{"hdfs":"string","overwrite":true,"path":"string"}]},"docker":{"command":"ls","image":"tensorflow:r2.3.1-py3","workdir":"/root/"},"name":"test","queueName":"gpu","resource":{"cpuCount":1,"gpuCount":1,"gpuModel":"T4","memoryMb":1024},"userPackageUri":"string"},"description":"test [sy:m7k2m9qd4xwa]","name":"api-test"}',
  },
  {
    page: 'https://api.ncloud-docs.com/docs/analytics-dataforest-aiapps-submit',
    provider: 'dataforest',
    kind: 'job',
    correlationTag: 's7k2m9qd',
    request:
      '{"environmentId":"env_01h455vb4pex5vsknk084sn02q","name":"train","image":"tensorflow:r2.3.1-py3","script":"python train.py","workingDirectory":"api-test","queue":"gpu","resources":{"cpus":1,"memoryMiB":1024,"accelerator":{"kind":"gpu","model":"T4","count":1}},"inputs":[{"source":"/user/acct/data_in","path":"data_in"}],"outputs":[{"destination":"/user/acct/data_out","path":"data_out","overwrite":false}]}',
    sent: 'POST /api/v2/aiapps/submit',
    body: '{"aiWorkspaceId":"6ZKSGoSJMMwctK257nxgiL","data":{"input":[{"hdfs":"/user/acct/data_in","path":"data_in"}],"output":[{"hdfs":"/user/acct/data_out","overwrite":false,"path":"data_out"}]},"docker":{"command":"python train.py","image":"tensorflow:r2.3.1-py3","workdir":"api-test"},"namePrefix":"s7k2m9qd","queueName":"gpu","resource":{"cpuCount":1,"gpuCount":1,"gpuModel":"T4","memoryMb":1024}}',
  },
  {
    page: 'https://api.ncloud-docs.com/docs/ai-application-service-aitems-service-create',
    provider: 'aitems',
    kind: 'environment',
    correlationTag: 'k7m2n9qd4x',
    request:
      '{"provider":"aitems","name":"service","description":"test","providerOptions":{"aitems":{"serviceType":"batch"}}}',
    sent: 'POST /api/v1/services',
    body: '{"name":"service","description":"test [sy:k7m2n9qd4x]","type":"batch"}',
  },
  {
    page: 'https://docs.otc.t-systems.com/modelarts/api-ref/historical_apis (modelarts_03_0110)',
    provider: 'modelarts',
    kind: 'environment',
    correlationTag: 'k7m2q9dxwa',
    request:
      '{"provider":"modelarts","name":"notebook-d115","image":"Ascend-Power-Engine 1.0(python3)","resources":{"flavor":"modelarts.kat1.xlarge"},"storage":{"type":"obs","source":"/aaaaaaaaa/output/"},"autoStop":{"afterSeconds":3600},"providerOptions":{"modelarts":{"workspaceId":"0"}}}',
    sent: 'POST /v1/77b6a44cba5143ab91d13ab9a8ff44fd/demanager/instances',
    body: '{"name":"notebook-d115-syk7m2q9dxwa","description":"","profile_id":"Ascend-Power-Engine 1.0(python3)","flavor":"modelarts.kat1.xlarge","spec":{"storage":{"location":{"path":"/aaaaaaaaa/output/"},"type":"obs"},"auto_stop":{"enable":true,"duration":3600}},"workspace":{"id":"0"}}',
  },
  {
    page: 'https://www.scnet.cn/ac/openapi/doc/2.0/api/container/create.html',
    provider: 'scnet',
    kind: 'environment',
    correlationTag: 's7k2m9qd4x',
    request:
      '{"provider":"scnet","name":"Instances_2205113838","description":"","image":"10.0.35.26:5000/gpu/admin/base/jupyter:4.4-py3.7-cpu","interfaces":["ssh"],"queue":"TeslaM40","resources":{"cpus":3,"memoryMiB":15360,"accelerator":{"kind":"gpu","count":1}},"mounts":[{"source":"/public1/home/lizb0530d/test_mount","path":"/mnt/test_mount","type":"data"}],"ports":[{"port":18888,"protocol":"http"}]}',
    sent: 'POST /ai/openapi/v2/instance-service/task',
    body: '{"instanceServiceName":"Instances_2205113838-sys7k2m9qd4x","description":"","taskType":"ssh","acceleratorType":"gpu","version":"jupyter:4.4-py3.7-cpu","imagePath":"10.0.35.26:5000/gpu/admin/base/jupyter:4.4-py3.7-cpu","timeoutLimit":"unlimited","taskNumber":1,"resourceGroup":"TeslaM40","useStartScript":false,"startScriptActionScope":"all","startScriptContent":"","cpuNumber":3,"ramSize":15360,"gpuNumber":1,"mountInfoList":[{"sourcePath":"/public1/home/lizb0530d/test_mount","targetPath":"/mnt/test_mount","type":"data"}],"containerPortInfoList":[{"protocolType":"HTTP","containerPort":"18888"}]}',
  },
] as const

const schemas = {
  job: makeJobSchemas(optionSchemasOf(providers, 'job')).JobRequest,
  environment: makeEnvironmentSchemas(optionSchemasOf(providers, 'environment')).EnvironmentRequest,
}

/** The request as a route parses it. Rejected by the schema, it throws; nothing is coerced or dropped. */
async function parseRequest(kind: Kind, request: string): Promise<Record<string, unknown>> {
  const app = Fastify({ schemaController: { compilersFactory } })
  app.post('/', { schema: { body: schemas[kind] } }, async ({ body }) => body)
  const headers = { 'content-type': 'application/json' }
  const reply = await app.inject({ method: 'POST', url: '/', headers, body: request })
  await app.close()
  if (reply.statusCode !== 200) throw new Error(reply.body)
  return reply.json()
}

function driverOf(id: string, kind: Kind): Driver {
  const provider = providers.find((each) => each.id === id)
  const driver = provider === undefined ? undefined : openInertly(provider, provider.sample.settings).drivers[kind]
  if (driver === undefined) throw new Error(`no driver of ${id} for ${kind}`)
  return driver as unknown as Driver
}

describe('vendor examples', () => {
  it.each(examples)(
    'sends the documented request of $page',
    async ({ provider, kind, correlationTag, request, sent, body }) => {
      const { provider: _, environmentId, ...requested } = await parseRequest(kind, request)
      const driver = driverOf(provider, kind)
      const spec = withDefaults(driver.accepts, requested as unknown as Spec)
      expect(checkSpec({ ...driver, provider }, spec)).toEqual([])
      const {
        method,
        target,
        body: planned,
      } = driver.plan({
        correlationTag,
        spec,
        environmentRemoteId: environmentId === undefined ? null : '6ZKSGoSJMMwctK257nxgiL',
        before: null,
        sendBy: { at: new Date(0), monotonicMs: 0 },
        firstSentAt: new Date(0),
      })
      expect(`${method} ${target}`).toBe(sent)
      expect(JSON.stringify(planned)).toBe(body)
    },
  )
})
