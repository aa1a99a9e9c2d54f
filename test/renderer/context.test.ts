import { expect, test } from 'vitest';
import { contextFacts } from '../../renderer/features/audit/context.ts';

test('an object is names and values', () => expect(contextFacts('{"lu":"CUSTOMER","count":3,"on":null}')).toEqual([['lu', 'CUSTOMER'], ['count', '3'], ['on', 'null']]));
test.each(['', 'no json', '[1]', '7'])('%j never breaks the panel', (context) => expect(() => contextFacts(context)).not.toThrow());
