import { awsFields, awsQuery, judgeAwsError, readAwsError, verifyAwsIdentity } from '../aws/aws-account.ts'
import { isPhoneNumber } from '../phone-numbers.ts'
import { defineService } from '../service.ts'

/**
 * SMS by Amazon SNS, published straight to a phone number. It takes no idempotency key for those and cannot be asked what
 * became of one; what it knows of deliveries it writes to CloudWatch alone, so nothing is reported.
 */
export const snsSms = defineService({
  kind: 'sns_sms',
  title: 'Amazon SNS (SMS)',
  channel: 'sms',
  documentation: 'https://docs.aws.amazon.com/sns/latest/dg/sms_sending-overview.html',
  semantics: {
    idempotencyWindowMs: 0,
    priceUnit: 'segment',
    messagesPerSecond: 20,
  },
  fields: awsFields,
  senderHelp:
    '+14155550100, a short code, or a sender id of up to 11 letters and digits, where its country takes one',
  isSender: (sender) => isOriginationNumber(sender) || isSenderId(sender),
  request: ({ from, to, text, class: kind }, config, context) =>
    awsQuery(
      'sns',
      {
        Action: 'Publish',
        Version: '2010-03-31',
        PhoneNumber: to,
        Message: text,
        ...attribute(1, 'AWS.SNS.SMS.SMSType', kind === 'bulk' ? 'Promotional' : 'Transactional'),
        ...(isOriginationNumber(from)
          ? attribute(2, 'AWS.MM.SMS.OriginationNumber', from)
          : attribute(2, 'AWS.SNS.SMS.SenderID', from)),
      },
      config,
      context,
    ),
  readId: ({ body }) => /<MessageId>([\w-]+)<\/MessageId>/.exec(body)?.[1],
  // That a number "is not valid to publish to" proves nothing of it: regions without SMS say so of every number.
  judge(answer, reply) {
    const error = readAwsError(answer)
    return error === undefined ? undefined : judgeAwsError(error, reply)
  },
  verify: verifyAwsIdentity,
})

function isOriginationNumber(sender: string): boolean {
  return isPhoneNumber(sender) || /^\d{3,8}$/.test(sender)
}

/** Letters, digits and hyphens, at least one letter, none but letters and digits at the ends. */
function isSenderId(sender: string): boolean {
  return /^(?=.*[A-Za-z])[A-Za-z0-9](?:[A-Za-z0-9-]{0,9}[A-Za-z0-9])?$/.test(sender)
}

/** One message attribute, as the Query API numbers them. */
function attribute(place: number, name: string, value: string): Record<string, string> {
  const prefix = `MessageAttributes.entry.${place}`
  return {
    [`${prefix}.Name`]: name,
    [`${prefix}.Value.DataType`]: 'String',
    [`${prefix}.Value.StringValue`]: value,
  }
}
