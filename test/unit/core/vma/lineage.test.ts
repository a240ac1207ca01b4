import { ancestorsOfChild } from '../../../../src/core/vma/lineage';

test('the ancestors of a child are its parent and those of that, the nearest four', () => {
  expect(ancestorsOfChild(0, undefined)).toEqual([]);
  expect(ancestorsOfChild(7, undefined)).toEqual([7]);
  expect(ancestorsOfChild(7, { pid: 7, ancestors: [5, 3] })).toEqual([7, 5, 3]);
  expect(ancestorsOfChild(9, { pid: 9, ancestors: [8, 7, 6, 5] })).toEqual([9, 8, 7, 6]);
});
