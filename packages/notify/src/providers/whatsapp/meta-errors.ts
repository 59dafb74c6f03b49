/**
 * What Meta's documented error codes of sending mean, where their HTTP status (in brackets) does not say it.
 *
 * - `message`: never to this person, or not so. A number without WhatsApp (131026) is one reason among several, so that code
 *   does not condemn the number. 131047: more than 24 hours since the person's last message, so only a template may be sent.
 * - `account`: the token, the number or the payment is at fault.
 * - `later`: too many; nothing was sent.
 * - `unclear`: "invalid request or possible server error".
 *
 * https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes
 */
export const metaErrors: ReadonlyMap<number, 'message' | 'account' | 'later' | 'unclear'> = new Map([
  [1, 'unclear'], // API unknown (400)
  [0, 'account'], // the app user was not authenticated (401)
  [3, 'account'], // capability or permission (500)
  [10, 'account'], // permission denied (403)
  [33, 'account'], // the business number was deleted (400)
  [190, 'account'], // the token has expired (401)
  [368, 'account'], // blocked for policy violations (403)
  [131005, 'account'], // access denied (403)
  [131031, 'account'], // account locked (403)
  [131037, 'account'], // the display name is not approved (400)
  [131042, 'account'], // payment (400)
  [131045, 'account'], // the number's certificate (500)
  [133010, 'account'], // the number is not registered (400)
  [4, 'later'], // calls of the app
  [80007, 'later'], // calls of the business account
  [130429, 'later'], // messages of the number
  [131048, 'later'], // messages of the number, while people call it spam
  [131056, 'later'], // messages from this number to this person
  [131057, 'later'], // the account is in maintenance (500)
  [130472, 'message'], // the person is part of an experiment (400)
  [130497, 'message'], // messages to this country are not allowed (403)
  [131021, 'message'], // sender and recipient are one (400)
  [131026, 'message'], // undeliverable (400)
  [131030, 'message'], // not on a test number's list of recipients (400)
  [131047, 'message'], // re-engagement (400)
  [131049, 'message'], // held back for the sake of engagement (400)
  [131050, 'message'], // the person wants no marketing messages (400)
  [131051, 'message'], // type of message (400)
])
