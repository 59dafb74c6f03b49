import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'

/** A certificate and its key, in PEM where that is what is served. */
export interface IssuedCertificate {
  pem: string
  privateKey: KeyObject
}

/** A certificate authority that lives as long as the test: it issues RSA certificates of any name and time. */
export interface CertificateAuthority {
  issue(subject: { commonName: string; validFrom?: Date; validTo?: Date }): IssuedCertificate
}

export function createCertificateAuthority(): CertificateAuthority {
  const authority = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return {
    issue({ commonName, validFrom = new Date('2020-01-01'), validTo = new Date('2045-01-01') }) {
      const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
      const key = publicKey.export({ format: 'der', type: 'spki' })
      const serial = createHash('sha256').update(key).digest().subarray(0, 8)
      // RFC 5280 §4.1.2: version 3, serial number, algorithm, issuer, validity, subject, key.
      const content = sequence(
        der(0xa0, der(0x02, Buffer.from([2]))),
        der(0x02, Buffer.from([1, ...serial])),
        SHA256_WITH_RSA,
        nameOf('Test authority'),
        sequence(timeOf(validFrom), timeOf(validTo)),
        nameOf(commonName),
        key,
      )
      const signature = der(0x03, Buffer.from([0]), sign('sha256', content, authority.privateKey))
      const certificate = sequence(content, SHA256_WITH_RSA, signature).toString('base64')
      const lines = certificate.replace(/(.{64})/g, '$1\n')
      return { pem: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`, privateKey }
    },
  }
}

/** One ASN.1 value as DER writes it (X.690 §8.1). */
function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts)
  const { length } = content
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255]
  return Buffer.concat([Buffer.from([tag, ...size]), content])
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(0x30, ...parts)
}

/** 1.2.840.113549.1.1.11 and NULL. */
const SHA256_WITH_RSA = sequence(der(0x06, Buffer.from('2a864886f70d01010b', 'hex')), der(0x05))

/** A name of a common name (2.5.4.3) alone. */
function nameOf(commonName: string): Buffer {
  return sequence(
    der(0x31, sequence(der(0x06, Buffer.from('550403', 'hex')), der(0x0c, Buffer.from(commonName)))),
  )
}

/** UTCTime, for years before 2050. */
function timeOf(date: Date): Buffer {
  const text = date.toISOString().replace(/\.\d+|[-:T]/g, '')
  return der(0x17, Buffer.from(text.slice(2)))
}
