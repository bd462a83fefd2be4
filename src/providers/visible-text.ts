// Control, format (bidirectional overrides, zero-width, tags), lone surrogate, line and paragraph separators: what can
// forge a line, hide text or drive a terminal.
const invisible = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu

/** The same text with every invisible or terminal-driving character as `\uXXXX`. Valid JSON stays valid JSON. */
export function visibleText(text: string): string {
  return text.replace(invisible, (character) =>
    Array.from({ length: character.length }, (_, at) => unicodeEscape(character.charCodeAt(at))).join(''),
  )
}

function unicodeEscape(unit: number): string {
  return `\\u${unit.toString(16).padStart(4, '0')}`
}
