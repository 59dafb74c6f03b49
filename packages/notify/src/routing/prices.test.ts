import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { newId, toTypeId } from '@mainstay/kernel'
import fc from 'fast-check'
import { createPriceBook } from './price-book.ts'
import { parsePriceCsv } from './price-csv.ts'

const uuid = newId()
const pac = toTypeId('pac', uuid)
const HEADER = 'account,country,prefix,price'

function faults(csv: string): string[] {
  const parsed = parsePriceCsv(csv)
  return 'violations' in parsed ? parsed.violations.map(({ description }) => description) : []
}

describe('a price list', () => {
  it('is read to the last digit', () => {
    const parsed = parsePriceCsv(
      `\uFEFF${HEADER}\r\n${pac},DE,,0.0675\r\n${pac},,+1415,12\r\n${pac},,,0.000001\r\n\r\n`,
    )
    assert.deepEqual(parsed, {
      lines: [
        { account: pac, country: 'DE', prefix: '', micros: 67_500, line: 2 },
        { account: pac, country: '', prefix: '+1415', micros: 12_000_000, line: 3 },
        { account: pac, country: '', prefix: '', micros: 1, line: 4 },
      ],
    })
  })

  it('tells every fault with its line', () => {
    const wrong = [
      HEADER,
      `${pac},DE,,0.1`,
      'twilio,DE,,0.1',
      `${pac},Germany,,0.1`,
      `${pac},,49,0.1`,
      `${pac},DE,+49,0.1`,
      `${pac},DE,,0,10`,
      `${pac},DE,,1e3`,
      `${pac},DE,,-1`,
      `${pac},DE,,0.0000001`,
      `"${pac}",DE,,0.1`,
      '',
      `${pac},DE,,0.2`,
    ].join('\n')
    const told = faults(wrong)
    assert.deepEqual(
      told.map((text) => text.split(':')[0]),
      [3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13].map((line) => `line ${line}`),
    )
    assert.match(told.at(-1) ?? '', /says again what line 2 says/)
    assert.match(faults('')[0] ?? '', /line 1: must be the header/)
    assert.match(faults(HEADER)[0] ?? '', /the list is empty/)
    assert.equal(faults(`${HEADER}\n${'x\n'.repeat(50_000)}x`).length, 100)
  })

  it('is never half read, whatever stands in it', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const parsed = parsePriceCsv(`${HEADER}\n${text}`)
        assert.ok('violations' in parsed ? parsed.violations.length > 0 : parsed.lines.length > 0)
      }),
    )
  })

  it('gives the price that was written, for every price', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999_999_999_999 }), (micros) => {
        const price = `${Math.floor(micros / 1_000_000)}.${String(micros % 1_000_000).padStart(6, '0')}`
        const parsed = parsePriceCsv(`${HEADER}\n${pac},,,${price}`)
        assert.equal('lines' in parsed && parsed.lines[0]?.micros, micros)
      }),
    )
  })
})

describe('the price book', () => {
  const book = createPriceBook([
    { account: uuid, country: '', prefix: '', micros: 9 },
    { account: uuid, country: 'DE', prefix: '', micros: 5 },
    { account: uuid, country: '', prefix: '+49', micros: 4 },
    { account: uuid, country: '', prefix: '+4917', micros: 3 },
  ])

  it('goes by the longest prefix, then the country, then the rest', () => {
    assert.equal(book.find(uuid, '+491701234567', 'DE'), 3)
    assert.equal(book.find(uuid, '+493012345678', 'DE'), 4)
    assert.equal(book.find(uuid, '+12025550100', 'US'), 9)
    const byCountry = createPriceBook([{ account: uuid, country: 'DE', prefix: '', micros: 5 }])
    assert.equal(byCountry.find(uuid, '+493012345678', 'DE'), 5)
    assert.equal(byCountry.find(uuid, '+33612345678', 'FR'), undefined)
    assert.equal(byCountry.find('another', '+493012345678', 'DE'), undefined)
  })
})
