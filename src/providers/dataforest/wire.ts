/** Request bodies of Data Forest, in documented key order. Responses are read field by field. */

/** Data type AiAppData. `hdfs` is a path in HDFS, `path` one in the container. */
export type AiAppData = {
  input: { hdfs: string; path: string }[]
  output: { hdfs: string; overwrite: boolean; path: string }[]
}

/** Data type AiAppDocker; `args` is one string. */
export type AiAppDocker = {
  args?: string
  command: string
  env?: Record<string, string>
  exposeTcpPorts?: number[]
  image: string
  workdir?: string
}

/** Data type AiAppResource. */
export type AiAppResource = {
  cpuCount?: number
  gpuCount?: number
  gpuModel?: string
  memoryMb?: number
}

/** Data type AiAppTypeSpec. */
export type AiAppTypeSpec = {
  data?: AiAppData
  docker: AiAppDocker
  name: string
  queueName: string
  resource?: AiAppResource
  userPackageUri?: string
}

export type CreateAiWorkspace = {
  accountId: string
  configuration: AiAppTypeSpec
  description: string
  name: string
}

export type SubmitAiApp = {
  aiWorkspaceId: string
  data: AiAppData
  docker: AiAppDocker
  namePrefix: string
  queueName: string
  resource: AiAppResource
}
