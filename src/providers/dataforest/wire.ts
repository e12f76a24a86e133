/** Request bodies of Data Forest, in documented key order. Responses are read field by field. */

/** Data type AiAppData. `hdfs` is a path in HDFS, `path` one in the container. */
export interface AiAppData {
  input: { hdfs: string; path: string }[]
  output: { hdfs: string; overwrite: boolean; path: string }[]
}

/** Data type AiAppDocker; `args` is one string. */
export interface AiAppDocker {
  args?: string
  command: string
  env?: Record<string, string>
  exposeTcpPorts?: number[]
  image: string
  workdir?: string
}

/** Data type AiAppResource. */
export interface AiAppResource {
  cpuCount?: number
  gpuCount?: number
  gpuModel?: string
  memoryMb?: number
}

/** Data type AiAppTypeSpec. */
export interface AiAppTypeSpec {
  data?: AiAppData
  docker: AiAppDocker
  name: string
  queueName: string
  resource?: AiAppResource
  userPackageUri?: string
}

export interface CreateAiWorkspace {
  accountId: string
  configuration: AiAppTypeSpec
  description: string
  name: string
}

export interface SubmitAiApp {
  aiWorkspaceId: string
  data: AiAppData
  docker: AiAppDocker
  namePrefix: string
  queueName: string
  resource: AiAppResource
}
