import { Command } from 'commander';
import type { Run } from './output.ts';
export function nodeCommand(_run: Run): Command {
  return new Command('node');
}
