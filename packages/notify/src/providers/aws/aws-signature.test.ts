import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { HttpRequest } from '../http-sender.ts'
import { signAwsRequest } from './aws-signature.ts'

/**
 * AWS's own vectors (aws-sig-v4-test-suite): the request of each, and the signature that AWS states. Those that need a
 * request which no service of ours sends (paths that are not normalised, repeated headers) are left out.
 */
const vectors: { name: string; request: Partial<HttpRequest>; signed: string; signature: string }[] = [
  {
    name: 'get-vanilla',
    request: {},
    signed: 'host;x-amz-date',
    signature: '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31',
  },
  {
    name: 'post-vanilla',
    request: { method: 'POST' },
    signed: 'host;x-amz-date',
    signature: '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b',
  },
  {
    name: 'get-vanilla-query-order-key-case',
    request: { url: 'https://example.amazonaws.com/?Param2=value2&Param1=value1' },
    signed: 'host;x-amz-date',
    signature: 'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500',
  },
  {
    name: 'get-vanilla-query-unreserved',
    request: {
      url: 'https://example.amazonaws.com/?-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz=-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz',
    },
    signed: 'host;x-amz-date',
    signature: '9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197',
  },
  {
    name: 'post-vanilla-query',
    request: { method: 'POST', url: 'https://example.amazonaws.com/?Param1=value1' },
    signed: 'host;x-amz-date',
    signature: '28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11',
  },
  {
    name: 'post-header-key-sort',
    request: { method: 'POST', headers: { 'My-Header1': 'value1' } },
    signed: 'host;my-header1;x-amz-date',
    signature: 'c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c',
  },
  {
    name: 'get-header-value-trim',
    request: { headers: { 'My-Header1': ' value1', 'My-Header2': ' "a   b   c"' } },
    signed: 'host;my-header1;my-header2;x-amz-date',
    signature: 'acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736',
  },
  {
    name: 'post-x-www-form-urlencoded',
    request: {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: 'Param1=value1',
    },
    signed: 'content-type;host;x-amz-date',
    signature: 'ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a',
  },
  {
    name: 'post-x-www-form-urlencoded-parameters',
    request: {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded; charset=utf8' },
      body: 'Param1=value1',
    },
    signed: 'content-type;host;x-amz-date',
    signature: '1a72ec8f64bd914b0e42e42607c7fbce7fb2c7465f63e3092b3b0d39fa77a6fe',
  },
]

describe('AWS Signature Version 4', () => {
  for (const { name, request, signed, signature } of vectors) {
    test(`signs the published vector ${name} as AWS does`, () => {
      const { headers } = signAwsRequest(
        { method: 'GET', url: 'https://example.amazonaws.com/', headers: {}, ...request },
        {
          accessKeyId: 'AKIDEXAMPLE',
          secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
          region: 'us-east-1',
        },
        'service',
        Date.UTC(2015, 7, 30, 12, 36, 0),
      )
      assert.equal(headers['x-amz-date'], '20150830T123600Z')
      assert.equal(
        headers.authorization,
        `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=${signed}, Signature=${signature}`,
      )
    })
  }
})
