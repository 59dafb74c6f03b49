import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CampaignState } from '@mainstay/proto/notify/v1/campaigns'
import fc from 'fast-check'
import { addRecipients, useCampaigns } from '../testing/campaigns.ts'
import { TEST_PROJECT } from '../testing/ledger.ts'
import { emailContent, testAct } from '../testing/templates.ts'
import { CsvProblem, readCsv } from './csv.ts'

const IMPORTED = {
  displayName: 'From a file',
  content: { content: { case: 'email', value: { subject: 'Hello', text: 'Hello there' } } },
  audience: { audience: { case: 'imported', value: true } },
} as const

describe('CSV', () => {
  const read = (text: string) => [...readCsv(text)].map(({ values, line }) => [line, ...values])

  it('is read as RFC 4180 has it', () => {
    assert.deepEqual(read('a,b\r\n1,"x ""y"", z"\r\n\r\n"two\nlines",\n'), [
      [1, 'a', 'b'],
      [2, '1', 'x "y", z'],
      [4, 'two\nlines', ''],
    ])
    assert.deepEqual(read('\uFEFFa\n'), [[1, 'a']])
    assert.deepEqual(read(''), [])
  })

  it('with a mistake in it is refused at its line', () => {
    const mistakes: [string, number][] = [
      ['a\nb"c', 2],
      ['a\n"b', 2],
      ['a\n"b"c', 2],
      ['a\rb', 1],
    ]
    for (const [text, line] of mistakes) {
      assert.throws(
        () => read(text),
        (error) => error instanceof CsvProblem && error.line === line,
        text,
      )
    }
  })

  it('that was written is read again, whatever is in it', () => {
    const value = fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\0', ''))
    fc.assert(
      fc.property(fc.array(fc.array(value, { minLength: 2, maxLength: 4 }), { minLength: 1 }), (rows) => {
        const text = rows
          .map((row) => row.map((one) => `"${one.replaceAll('"', '""')}"`).join(','))
          .join('\r\n')
        assert.deepEqual(
          [...readCsv(text)].map(({ values }) => values),
          rows,
        )
      }),
    )
  })
})

describe("a campaign's own list", () => {
  const on = useCampaigns()

  it('takes the good rows of a file, tells the bad ones by line and column, and counts those it has', async () => {
    const id = await on.create(IMPORTED)
    const csv = [
      'email,first_name,timezone',
      'ada@example.com,Ada,Europe/Berlin',
      'no address,Bob,',
      'ADA@example.com,Ada again,',
      'carl@example.com,Carl,Mars/Phobos',
      'dora@example.com,Dora',
      ',Nobody,',
      'eve@example.com,Eve,',
    ].join('\n')
    const first = await on.import(id, csv)
    assert.deepEqual([first.imported, first.duplicates, first.refused, first.total], [2, 1, 4, 2n])
    assert.deepEqual(
      first.problems?.map(({ line, column }) => [line, column]),
      [
        [3, 'email'],
        [5, 'timezone'],
        [6, ''],
        [7, 'email'],
      ],
    )
    const second = await on.import(id, 'email\nfrank@example.com\nnobody', { firstLine: 102 })
    assert.deepEqual([second.imported, second.total, second.problems?.[0]?.line], [1, 3n, 103])
    const page = await on.problems(id, 3)
    const rest = await on.problems(id, 3, page.nextPageToken)
    assert.deepEqual(
      [...(page.problems ?? []), ...(rest.problems ?? [])].map(({ line }) => line),
      [3, 5, 6, 7, 103],
    )
    const replaced = await on.import(id, 'email\ngina@example.com', { replace: true })
    assert.deepEqual([replaced.total, (await on.problems(id)).problems], [1n, []])
  })

  it('refuses a file whose header or form is wrong, whole', async () => {
    const id = await on.create(IMPORTED)
    const refused = { reason: 'notify.request_invalid' }
    for (const csv of [
      'name\nAda',
      'email,phone\na@example.com,+491701234567',
      'email,email\na,b',
      'email,a b\nx,y',
      'email\n"x',
    ]) {
      await assert.rejects(on.import(id, csv), refused, csv)
    }
    const many = `email\n${'x@example.com\n'.repeat(10_001)}`
    await assert.rejects(on.import(id, many), refused)
  })

  it('is sent to, with its columns in the template, and recipients by their ids', async () => {
    await addRecipients(on.db, 2)
    await on.read(
      `UPDATE notify.recipients SET attributes = '{"first_name":"Rita"}' WHERE recipient_id = 'r0000001'`,
    )
    const said = emailContent('Hello {{ first_name }}', '{{ greeting }}')
    await on.parts.templates.create(testAct(TEST_PROJECT), 'hello', said)
    const template = { content: { case: 'template', value: { name: 'hello' } } } as const
    const byAddress = await on.create({ ...IMPORTED, content: template, data: { greeting: 'Good morning' } })
    await on.import(byAddress, 'email,first_name\nada@example.com,Ada\nbob@example.com,Bob')
    const byId = await on.create({
      ...IMPORTED,
      content: template,
      data: { greeting: 'Hi', first_name: 'you' },
    })
    await on.import(byId, 'recipient_id\nr0000000\nr0000001\nnobody')
    for (const id of [byAddress, byId]) await on.parts.campaigns.start(on.act, id, '')
    await on.run()
    await on.deliver()
    await on.waitForState(byAddress, CampaignState.FINISHED)
    const progress = await on.waitForState(byId, CampaignState.FINISHED)
    assert.deepEqual([progress.total, progress.sent, progress.skipped], [3n, 2n, 1n])
    assert.deepEqual(
      on.account.sent
        .map((mail) => [mail.to, mail.channel === 'email' ? `${mail.subject}: ${mail.text}` : ''])
        .sort(),
      [
        ['ada@example.com', 'Hello Ada: Good morning'],
        ['bob@example.com', 'Hello Bob: Good morning'],
        ['r0@example.com', 'Hello you: Hi'],
        ['r1@example.com', 'Hello Rita: Hi'],
      ],
    )
    assert.equal((await on.problems(byId)).problems?.[0]?.recipientId, 'nobody')
  })
})
