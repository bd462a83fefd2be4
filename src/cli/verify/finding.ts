/** One thing that verification met. */
export interface Finding {
  readonly kind: string
  /** False for what is no problem: the same record twice, a line that was written again after a fault. */
  readonly alarm: boolean
  readonly stream?: string
  readonly number?: number
  readonly recordId?: string
  readonly file: string
  readonly line?: number
  readonly message: string
}
