/** Settings that other pipelines have and that this one refuses, each with the reason (rule P1). */
export const refusedSettings: Readonly<Record<string, string>> = {
  maxQueueSize:
    'a bounded queue would lose records because it drops what does not fit; the journal on disk is the queue',
  queueSize: 'a bounded queue would lose records because it drops what does not fit; the journal on disk is the queue',
  maxExportBatchSize: 'requests are cut by size: use collector.maxRequestBytes',
  scheduledDelayMillis: 'records are written at once; there is no delay to choose',
  sampler: 'sampling would lose records because it keeps a part of them only',
  sampling: 'sampling would lose records because it keeps a part of them only',
  sampleRate: 'sampling would lose records because it keeps a part of them only',
  samplingRatio: 'sampling would lose records because it keeps a part of them only',
  filter: 'a filter would lose records because an audit trail has no unimportant ones',
  level: 'a level would lose records because audit records have no severity',
  minSeverity: 'a level would lose records because audit records have no severity',
  minimumSeverity: 'a level would lose records because audit records have no severity',
  rateLimit: 'a rate limit would lose records because it drops what comes too fast; see onQueueFull',
  dropPolicy: 'it would lose records because it says which to drop; none is dropped',
  dropOldest: 'it would lose records because the oldest ones would make room for new ones',
  maxRetries: 'it would lose records because delivery would give up; it retries for ever',
  maxAttempts: 'it would lose records because delivery would give up; it retries for ever',
  maxElapsedTimeMillis: 'it would lose records because delivery would give up; it retries for ever',
  logRecordLimits: 'limits would lose parts of records because the SDK cuts or drops attributes (rule R8)',
  attributeCountLimit: 'it would lose parts of records because the SDK drops attributes beyond it (rule R8)',
  attributeValueLengthLimit: 'it would lose parts of records because the SDK cuts values beyond it (rule R8)',
  fsync: 'without it true would lose its meaning because a power cut would lose acknowledged records',
  sync: 'without it true would lose its meaning because a power cut would lose acknowledged records',
}

/** Settings of later versions: naming them now must not pass for having them. */
export const laterSettings: readonly string[] = ['signing', 'catalog']
