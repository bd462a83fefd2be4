/** A way to get durability wrong, as a change of the source; the model must notice each one. */
export interface Mutant {
  readonly name: string
  readonly file: string
  readonly from: string
  readonly to: string
}

export const mutants: readonly Mutant[] = [
  {
    name: 'no directory fsync',
    file: 'journal/stream-writer.ts',
    from: 'directories: segment.named ? [] : this.#files.directories',
    to: 'directories: []',
  },
  {
    name: 'a failed fsync is tried again on the same file',
    file: 'journal/stream-writer.ts',
    from: 'if (!result.ok) this.#segmentFailed(segment, result.code)',
    to: 'if (!result.ok) void 0',
  },
  {
    name: 'acknowledge early',
    file: 'journal/stream-writer.ts',
    from: 'if (failure === undefined) this.#sync()\n    else this.#segmentFailed',
    to: 'if (failure === undefined) this.#acknowledge(segment, segment.size)\n    else this.#segmentFailed',
  },
  {
    name: 'deliver before durable',
    file: 'journal/source-streams.ts',
    from: 'readableEnd: durableEnd',
    to: 'readableEnd: size',
  },
  {
    name: 'acknowledge by completion-time offset',
    file: 'journal/stream-writer.ts',
    from: '(result) => this.#synced(segment, through, result)',
    to: '(result) => this.#synced(segment, segment.size, result)',
  },
  {
    name: 'answer later for what was written meanwhile',
    file: 'journal/stream-writer.ts',
    from: 'this.#covered = { segment, through }\n',
    to: 'this.#covered = { segment, get through() { return segment.size } }\n',
  },
  {
    name: 'append after a short write',
    file: 'journal/stream-writer.ts',
    from: 'else this.#segmentFailed(segment, failure)',
    to: 'else { this.#files.write(segment, line); this.#sync() }',
  },
  {
    name: 'number reuse',
    file: 'journal/stream-writer.ts',
    from: "    this.#state = 'failed'\n",
    to: `    const first = this.#unsynced.all[0]
    if (first !== undefined) {
      this.#next.number = this.#durable + 1
      this.#next.previousHash = ''
      this.#unsynced.takeAll()
      this.#builder.abandon()
      try { this.#files.open(this.#next.number); return } catch {}
    }
    this.#state = 'failed'
`,
  },
  {
    name: 'file name without generation',
    file: 'journal/names.ts',
    from: "String(generation).padStart(6, '0')",
    to: "'000001'",
  },
  {
    name: 'two syncs at once',
    file: 'journal/stream-writer.ts',
    from: 'if (this.#syncing || ',
    to: 'if (',
  },
  {
    name: 'an adopted stream is read from the cache only',
    file: 'journal/backlog.ts',
    from: '      syncStream(fs, directory)\n',
    to: '',
  },
  {
    name: 'a later segment that begins lower is not read',
    file: 'journal/names.ts',
    from: 'a.generation - b.generation || a.first - b.first',
    to: 'a.first - b.first || a.generation - b.generation',
  },
  {
    name: 'an empty segment hides what an older one holds',
    file: 'journal/source-streams.ts',
    from: '.filter(({ readableEnd }) => readableEnd > 0)',
    to: '',
  },
]
