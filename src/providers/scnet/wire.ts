/** Request bodies of SCNet, in documented key order. Responses are read field by field. */

/** `POST /ai/openapi/v2/instance-service/task` */
export type CreateContainer = {
  instanceServiceName: string
  description: string
  taskType: 'ssh' | 'jupyter' | 'codeserver' | 'rstudio'
  acceleratorType: 'mlu' | 'dcu' | 'gpu' | 'cpu'
  version: string
  imagePath: string
  /** `HH:MM:SS`, hours of any length, or `unlimited`. */
  timeoutLimit: string
  taskNumber: number
  resourceGroup: string
  useStartScript: boolean
  startScriptActionScope: 'all' | 'header'
  startScriptContent: string
  cpuNumber: number
  /** MB. */
  ramSize: number
  gpuNumber: number
  mountInfoList?: { sourcePath: string; targetPath: string; type: string }[]
  /** Documented as an int; every sample sends a string. */
  containerPortInfoList?: { protocolType: 'SSH' | 'HTTP'; containerPort: string }[]
}

/** `POST /hpc/openapi/v2/apptemplates/BASIC/BASE/job`. Every value of the map is a string. */
export type SubmitJob = {
  strJobManagerID: string
  mapAppJobInfo: {
    GAP_CMD_FILE: string
    GAP_NNODE: string
    GAP_NODE_STRING: string
    GAP_SUBMIT_TYPE: 'cmd'
    GAP_JOB_NAME: string
    GAP_WORK_DIR: string
    GAP_QUEUE: string
    GAP_NPROC: string
    GAP_PPN: string
    GAP_NGPU: string
    GAP_NDCU: string
    GAP_JOB_MEM: string
    GAP_WALL_TIME: string
    GAP_EXCLUSIVE: string
    GAP_APPNAME: 'BASE'
    GAP_MULTI_SUB: string
    GAP_STD_OUT_FILE: string
    GAP_STD_ERR_FILE: string
  }
}
