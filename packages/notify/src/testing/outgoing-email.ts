import type { OutgoingEmail } from '../providers/outgoing.ts'

let made = 0

/** An email that every adapter accepts, with a message id of its own. */
export function anEmail(change: Partial<OutgoingEmail> = {}): OutgoingEmail {
  made++
  return {
    messageId: `msg_01h455vb4pex5vsknk${String(made).padStart(8, '0')}`,
    projectId: '01890a5d-ac96-774b-bcce-b302099a8057',
    notificationId: 'ntf_01h455vb4pex5vsknk084sn02q',
    from: 'Acme <hello@acme.example>',
    to: 'ada@customer.example',
    subject: 'Your order is confirmed',
    text: 'Thank you.\n',
    html: '<p>Thank you.</p>',
    headers: {},
    class: 'transactional',
    attempt: 1,
    ttlMs: 3_600_000,
    channel: 'email',
    ...change,
  }
}

/** A signal that never aborts. */
export const patient: AbortSignal = new AbortController().signal
