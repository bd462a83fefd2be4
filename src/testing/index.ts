export { memoryProvider, type MemoryProvider, type MemoryQuery, type MemoryRecord } from '../providers/index.ts'
export type { DiskFault } from './disk-fault.ts'
export { createFaultyDisk, type FaultyDisk, type FaultyDiskOptions } from './faulty-disk.ts'
export { attributeOf, type CollectedRecord, type HostileBehaviour } from './hostile-collector-behaviour.ts'
export type { CollectedSummary } from './hostile-collector-records.ts'
export {
  startHostileCollector,
  type BehaviourLimits,
  type HostileCollector,
  type HostileCollectorOptions,
} from './hostile-collector.ts'
export {
  providerContract,
  providerContractCases,
  type ContractRunner,
  type ProviderContractCase,
  type ProviderContractOptions,
  type ProviderUnderTest,
} from './provider-contract.ts'
export { createTestAuditLogger, type TestAuditLogger } from './test-audit-logger.ts'
