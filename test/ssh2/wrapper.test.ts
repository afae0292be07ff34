import { expect, test } from 'vitest';
import { Wrapper } from '../../src/ssh2/insides/wrapper.ts';

class Protocol {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  send(...given: unknown[]): string {
    return `${this.name} ${given.join()}`;
  }
}

const wrapper = new Wrapper<(this: Protocol, ...given: unknown[]) => unknown>(
  (original) =>
    function (...given) {
      return `around ${original.apply(this, given)}`;
    },
);

test('a method of a prototype has one function around it, which knows whose it is', () => {
  const [one, other] = [new Protocol('one'), new Protocol('other')];
  for (const protocol of [one, other]) protocol.send = wrapper.around(protocol.send) as Protocol['send'];
  expect(one.send).toBe(other.send);
  expect([one.send(1, 2), other.send(3)]).toEqual(['around one 1,2', 'around other 3']);
  expect(new Protocol('third').send(4)).toBe('third 4');
});

test("a method of an object's own has a function of its own around it", () => {
  const [one, other] = [new Protocol('one'), new Protocol('other')];
  other.send = () => 'its own';
  for (const protocol of [one, other]) protocol.send = wrapper.around(protocol.send) as Protocol['send'];
  expect(one.send).not.toBe(other.send);
  expect(other.send()).toBe('around its own');
});
