import fc from 'fast-check';
import { latency } from '../../../../src/core/text/format';
import { Bytes, Piece } from '../../../../src/output/stream/bytes';

function written(write: (out: Bytes) => void): string {
  const out = new Bytes(256);
  write(out);
  return out.data.toString('latin1', 0, out.length);
}

test('integers are written as JavaScript writes them', () => {
  fc.assert(
    fc.property(fc.oneof(fc.maxSafeNat(), fc.nat(2000)), (n) => {
      expect(
        written((out) => {
          out.uint(n);
        }),
      ).toBe(String(n));
    }),
  );
  for (const n of [
    0,
    9,
    10,
    999_999_999,
    1_000_000_000,
    2 ** 31,
    2 ** 32,
    1e18 / 1000,
    2 ** 53 - 1,
  ]) {
    expect(
      written((out) => {
        out.uint(n);
      }),
    ).toBe(String(n));
  }
});

test('addresses are hexadecimal without leading zeros, in all 64 bits', () => {
  const hex = (value: bigint): string =>
    written((out) => {
      out.hex(Number(value >> 32n), Number(value & 0xffffffffn));
    });
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), fc.nat(63), (value, shift) => {
      const address = value >> BigInt(shift);
      expect(hex(address)).toBe(`0x${address.toString(16)}`);
    }),
  );
  expect(hex(0n)).toBe('0x0');
  expect(hex(0xffffffffff600000n)).toBe('0xffffffffff600000');
  expect(hex(0x100000000n)).toBe('0x100000000');
});

test('latencies read like the reports print them', () => {
  const bytes = (ns: number): string =>
    written((out) => {
      out.latency(ns);
    });
  expect(bytes(12_400_000)).toBe('12.4ms');
  expect(bytes(640)).toBe('640ns');
  expect(bytes(1_234)).toBe('1.2us');
  // Rounding up changes the unit, never makes four digits.
  expect(bytes(999_960)).toBe('1.0ms');
  expect(bytes(999_960_000)).toBe('1.0s');
  expect(bytes(75e9)).toBe('75.0s');
  fc.assert(
    fc.property(fc.nat(2 ** 31 - 1), fc.constantFrom(1, 1000, 1e6), (n, scale) => {
      expect(bytes(n * scale)).toBe(latency(n * scale));
    }),
  );
});

test('long and short names are appended alike', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary-ascii', maxLength: 9 })), (texts) => {
      const whole = texts.join('').slice(0, 200);
      expect(
        written((out) => {
          for (const text of texts) if (out.length + text.length <= 200) out.append(Piece.of(text));
        }).slice(0, 100),
      ).toBe(whole.slice(0, 100));
    }),
  );
  for (const size of [0, 1, 2, 3, 4, 5, 255, 256, 257, 1000]) {
    const out = new Bytes(2000);
    out.append(Piece.of('<'));
    out.append(Piece.of('x'.repeat(size)));
    out.append(Piece.of('>'));
    expect(out.data.toString('latin1', 0, out.length)).toBe(`<${'x'.repeat(size)}>`);
  }
});
