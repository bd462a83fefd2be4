/** Details that a caller may give and that often break backends, by name. New objects at each call. */
export function hostileDetails(): Readonly<Record<string, object>> {
  return {
    unicode: { text: 'Ünïcödé 😀 \u202e \ud7ff\uffff', emptyKey: { '': 1 }, 'dotted.key/with~all': '"\\\'`${}' },
    'control characters': { text: '\u0000\u0001\b\t\n\u001b[2J\u007f', 'key\u0000': 1 },
    nested: nested(60),
    bytes: { bytes: new Uint8Array([0, 255]), buffer: Buffer.from('x'), none: new Uint8Array() },
    numbers: {
      big: 2n ** 63n - 1n,
      small: -(2n ** 63n),
      unsafe: 9007199254740993n,
      huge: 1e300,
      negativeZero: -0,
      tiny: 5e-324,
    },
    'names of object members': JSON.parse(
      '{"constructor":"x","__proto__":{"polluted":true},"toString":1,"hasOwnProperty":null,"toJSON":"y","then":1}',
    ) as object,
    empty: { list: [], map: {}, text: '', none: null },
    'mixed lists': { list: [1, 'two', null, true, [3.5, { four: 4 }], new Uint8Array([5])] },
    sql: { text: "'); DROP TABLE admin_audit_log; --", placeholder: '$1 ? :name %s' },
    large: {
      text: 'x'.repeat(100_000),
      ...Object.fromEntries(Array.from({ length: 1_000 }, (_, n) => [`key${n}`, n])),
    },
  }
}

function nested(depth: number): object {
  return depth === 0 ? { end: true } : { [`level${depth}`]: nested(depth - 1) }
}
