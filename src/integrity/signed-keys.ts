/** Names of the three attributes that a stream position adds (rule I8), in sorted order. */
export const sequenceNumberKey = 'audit.sequence.number'
export const previousHashKey = 'audit.sequence.previous_hash'
export const streamIdKey = 'audit.sequence.stream_id'

/** On the last record of a stream closed in order (rule I9). */
export const sequenceEndKey = 'audit.sequence.end'

/** Attributes whose top-level key begins so are not part of what is signed (rule I1). */
export const unsignedPrefix = 'audit.integrity.'
