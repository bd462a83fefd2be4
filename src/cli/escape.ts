/*
 * Everything that a terminal acts on instead of showing it: C0 and C1 controls, DEL, line and paragraph separators,
 * bidirectional marks, invisible spaces, tag characters, lone surrogates. An audit trail holds what attackers typed.
 */
const acting =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]|\udb40[\udc00-\udfff]/g

function codeUnits(match: string): string {
  let text = ''
  for (let i = 0; i < match.length; i++) text += `\\u${match.charCodeAt(i).toString(16).padStart(4, '0')}`
  return text
}

/** Makes untrusted text safe to print on one line of a terminal. */
export function escapeText(text: string): string {
  return text.replace(acting, codeUnits)
}

/** One line of JSON, safe to print: such characters stand inside strings only, where `\uXXXX` means the same. */
export function toJsonLine(value: unknown): string {
  return escapeText(JSON.stringify(value))
}
