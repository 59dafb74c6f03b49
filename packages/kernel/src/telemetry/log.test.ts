import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { describe, it } from 'node:test'
import { createLogger, type LoggerOptions } from './log.ts'
import { newTrace, withTrace } from './trace.ts'

/** A logger and the text it has written. */
function capture(options: LoggerOptions = {}) {
  let text = ''
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += chunk
      done()
    },
  })
  const logger = createLogger({ ...options, stream })
  return {
    logger,
    text: () => text,
    lines: () =>
      text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
  }
}

describe('log lines', () => {
  it('carry an ISO time, the level’s name, the fields and the message', () => {
    const { logger, lines } = capture({ fields: { role: 'worker' } })
    logger.info({ count: 3 }, 'started')
    const [{ time, ...line }] = lines()
    assert.deepEqual(line, { level: 'info', role: 'worker', count: 3, msg: 'started' })
    assert.equal(new Date(time).toISOString(), time)
  })

  it('carry the ids of the trace that is running', () => {
    const { logger, lines } = capture()
    const trace = newTrace()
    withTrace(trace, () => logger.info('inside'))
    logger.info('outside')
    assert.equal(lines()[0].traceId, trace.traceId)
    assert.equal(lines()[0].spanId, trace.spanId)
    assert.equal('traceId' in lines()[1], false)
  })

  it('hide fields named like secrets at any depth, in children too', () => {
    const { logger, text } = capture()
    const hidden = 'hunter2'
    logger.info({ headers: { Authorization: hidden, 'Set-Cookie': [hidden], 'X-Api-Key': hidden } })
    logger.info({
      a: { b: { c: { d: { smtpPassword: hidden, client_secret: hidden, refreshToken: hidden } } } },
    })
    logger.child({ token: hidden }).info({ list: [{ password: hidden }] }, 'x')
    logger.info({ map: new Map([['password', hidden]]) })
    assert.equal(text().includes(hidden), false, text())
    assert.match(text(), /\[redacted\]/)
  })

  it('mask keys, bearer tokens and passwords in URLs wherever they stand', () => {
    const { logger, text } = capture()
    logger.info({ note: 'used msk_live_01hzyAbC_dEf-9 today' }, 'key msk_test_SecretSecret refused')
    logger.warn('Authorization was Bearer abc.def-ghi==')
    logger.warn('cannot reach postgresql://mainstay:hunter2@db:5432/app')
    logger.error(new Error('msk_live_Boom0000'))
    for (const secret of ['01hzyAbC', 'SecretSecret', 'abc.def', 'hunter2', 'Boom0000']) {
      assert.equal(text().includes(secret), false, text())
    }
    assert.match(text(), /msk_live_…/)
    assert.match(text(), /postgresql:\/\/mainstay:…@db:5432\/app/)
  })

  it('show an error’s chain of causes but not the rows the database quotes', () => {
    const { logger, lines } = capture()
    const driver = Object.assign(new Error('duplicate key'), {
      code: '23505',
      constraint: 'people_email_key',
      detail: 'Key (email)=(ada@example.com) already exists.',
    })
    logger.error({ err: new Error('cannot save', { cause: driver }) }, 'failed')
    const [{ err }] = lines()
    assert.equal(err.message, 'cannot save')
    assert.equal(err.cause.code, '23505')
    assert.equal(err.cause.constraint, 'people_email_key')
    assert.equal(JSON.stringify(err).includes('ada@'), false)
  })

  it('survive bytes, big integers, circles and long lists', () => {
    const { logger, lines } = capture()
    const circle: Record<string, unknown> = { id: 12345678901234567890n, bytes: Buffer.alloc(10) }
    circle.self = circle
    logger.info({ circle, many: Array.from({ length: 1000 }, (_, index) => index) })
    const [line] = lines()
    assert.equal(line.circle.id, '12345678901234567890')
    assert.equal(line.circle.bytes, '[10 bytes]')
    assert.equal(line.many.length, 101)
    assert.equal(line.many[100], '[900 more]')
  })

  it('below the level are not written', () => {
    const { logger, text } = capture({ level: 'warn' })
    logger.info('quiet')
    assert.equal(text(), '')
  })

  it('in the readable format are for people, and as discreet', () => {
    const { logger, text } = capture({ format: 'pretty' })
    logger.info({ password: 'hunter2' }, 'ready with msk_live_abcdef')
    assert.match(text(), /INFO.*ready with msk_live_…/)
    assert.equal(text().includes('hunter2'), false)
  })
})
