import { expect, it } from 'vitest'
import { sourceAddress } from '../../src/event/source-address.ts'

it.each([
  ['10.0.0.1', '10.0.0.1', 'ipv4'],
  ['255.255.255.255', '255.255.255.255', 'ipv4'],
  ['256.0.0.1', '256.0.0.1', 'hostname'],
  ['10.0.0.1.', '10.0.0.1.', 'hostname'],
  ['10.0.0.1:443', '10.0.0.1:443', 'hostname'],
  ['::1', '::1', 'ipv6'],
  ['[2001:DB8::1]', '2001:db8::1', 'ipv6'],
  ['fe80::1%Eth0', 'fe80::1%Eth0', 'ipv6'],
  ['::ffff:1.2.3.4', '1.2.3.4', 'ipv4'],
  ['::FFFF:1.2.3.4', '1.2.3.4', 'ipv4'],
  ['::ffff:0102:304', '1.2.3.4', 'ipv4'],
  ['0:0:0:0:0:ffff:1.2.3.4', '1.2.3.4', 'ipv4'],
  ['0000:0000:0000:0000:0000:ffff:c0a8:0001', '192.168.0.1', 'ipv4'],
  ['::ffff:1:1.2.3.4', '::ffff:1:1.2.3.4', 'ipv6'],
  ['1::ffff:1.2.3.4', '1::ffff:1.2.3.4', 'ipv6'],
  ['0:ffff:1:2::', '0:ffff:1:2::', 'ipv6'],
  ['gateway.example.org', 'gateway.example.org', 'hostname'],
  [' 10.0.0.1 ', '10.0.0.1', 'ipv4'],
  ['a:b', 'a:b', 'hostname'],
])('%s is %s, %s', (text, ipAddress, sourceType) => {
  expect(sourceAddress(text)).toEqual({ ipAddress, sourceType })
})

it('does not mix up addresses when its memory is full', () => {
  for (let i = 0; i < 3000; i++) {
    const text = `10.1.${i >> 8}.${i & 255}`
    expect(sourceAddress(text)).toEqual({ ipAddress: text, sourceType: 'ipv4' })
    expect(sourceAddress(`::ffff:${text}`).ipAddress).toBe(text)
  }
})
