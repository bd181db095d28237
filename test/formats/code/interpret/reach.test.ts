import { describe, expect, it } from 'vitest';
import { Reach } from '../../../../src/formats/code/interpret/reach.js';

describe('names that lead to names', () => {
  it('a mark reaches along the links that there are', () => {
    const reach = new Reach();
    reach.link('a', 'b');
    reach.link('b', 'c');
    reach.link('x', 'a');
    reach.mark('a');
    expect(['a', 'b', 'c', 'x'].map((name) => reach.has(name))).toEqual([true, true, true, false]);
  });

  it('and along those that come later, around a ring too', () => {
    const reach = new Reach();
    reach.mark('a');
    reach.link('b', 'c');
    reach.link('c', 'b');
    expect(reach.has('c')).toBe(false);
    reach.link('a', 'b');
    expect(reach.has('c')).toBe(true);
  });

  it('in time linear in the links, whatever the order in which they come', () => {
    const reach = new Reach();
    const many = 200_000;
    for (let index = many; index > 0; index -= 1) reach.link(String(index - 1), String(index));
    reach.mark('0');
    for (let index = 0; index < many; index += 1) reach.link(String(index), 'end');
    expect(reach.has(String(many)) && reach.has('end')).toBe(true);
  });
});
