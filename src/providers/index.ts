export { consoleProvider, type ConsoleProviderOptions } from './console-provider.ts'
export { exporterProvider, type ExporterProviderOptions } from './exporter-provider.ts'
export {
  memoryProvider,
  type MemoryProvider,
  type MemoryProviderOptions,
  type MemoryQuery,
  type MemoryRecord,
} from './memory-provider.ts'
export { processorProvider } from './processor-provider.ts'
