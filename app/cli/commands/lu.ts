import type { Command } from 'commander';
import type { Choose } from '../answer.ts';
import { addLuContent } from './lu-content.ts';
import { addLuImport } from './lu-import.ts';
import { addLuList } from './lu-list.ts';
import { addLuVerify } from './lu-verify.ts';

/** `fkc lu import | list | read | save | verify | delete` */
export function addLu(program: Command, choose: Choose): void {
  const lu = program.command('lu').description('Logical Units and their instances');
  addLuImport(lu, choose);
  addLuList(lu, choose);
  addLuContent(lu, choose);
  addLuVerify(lu, choose);
}
