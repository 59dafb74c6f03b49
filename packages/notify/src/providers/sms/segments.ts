/** How a text travels as SMS: what it is written in, and how many messages it is paid as. */
export interface SmsSegments {
  encoding: 'gsm7' | 'ucs2'
  segments: number
}

/**
 * Counts the segments of a text as operators do: 160 septets of the GSM alphabet (3GPP TS 23.038 §6.2.1) or 70 UTF-16 units of
 * everything else; 153 or 67 of them when there is more than one segment, because each then begins with a header that tells
 * their order (TS 23.040 §9.2.3.24.1). A character of two units is never cut in two. An empty text is one segment.
 */
export function smsSegments(text: string): SmsSegments {
  const widths = gsmWidths(text)
  if (widths !== undefined) return { encoding: 'gsm7', segments: fill(widths, 160, 153) }
  const units = Array.from(text, (character) => character.length)
  return { encoding: 'ucs2', segments: fill(units, 70, 67) }
}

/** How many septets each character takes; undefined when one is not in the alphabet. */
function gsmWidths(text: string): number[] | undefined {
  const widths: number[] = []
  for (const character of text) {
    if (BASIC.has(character)) widths.push(1)
    else if (EXTENSION.has(character)) widths.push(2)
    else return undefined
  }
  return widths
}

function fill(widths: readonly number[], alone: number, each: number): number {
  const total = widths.reduce((sum, width) => sum + width, 0)
  if (total <= alone) return 1
  let segments = 1
  let filled = 0
  for (const width of widths) {
    if (filled + width > each) {
      segments += 1
      filled = 0
    }
    filled += width
  }
  return segments
}

/** The GSM 7-bit default alphabet, without the escape to the extension table. */
const BASIC = new Set(
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?' +
    '¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà',
)

/** Its extension table: each is an escape and a second septet. */
const EXTENSION = new Set('\f^{}\\[~]|€')
