import { bytes, counted, percent, rate, stallNow } from '../../../../src/core/text/format';

describe('numbers as a person reads them', () => {
  it('puts one in the singular', () => {
    expect([0, 1, 2, 57_233].map((n) => counted(n, 'fault'))).toEqual([
      '0 faults',
      '1 fault',
      '2 faults',
      '57,233 faults',
    ]);
    expect(counted(1, 'process', 'processes')).toBe('1 process');
    expect(counted(3, 'process', 'processes')).toBe('3 processes');
  });

  it('have one decimal where that says something, and carry into the next whole number', () => {
    expect([0, 0.04, 0.94, 9.94, 9.95, 10.4].map(rate)).toEqual([
      '0',
      '0.0',
      '0.9',
      '9.9',
      '10',
      '10',
    ]);
    expect([0, 0.1234, 0.99951, 1].map(percent)).toEqual(['0.0', '12.3', '100.0', '100.0']);
    expect([512, 1024, 10_170, 10_189, 2 ** 20 - 1].map(bytes)).toEqual([
      '512',
      '1.0K',
      '9.9K',
      '10K',
      '1.0M',
    ]);
    expect([0, 0.05, 6.94, 999.94, 999.96].map(stallNow)).toEqual([
      '0',
      '<0.1ms',
      '6.9ms',
      '999.9ms',
      '1.0s',
    ]);
  });
});
