/** Runs the real command line in this process, and gives back what it printed. */
import { vi } from 'vitest';
import { run } from '../../src/cli/program.js';

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export async function commandLine(...args: string[]): Promise<Ran> {
  const [out, err]: [string[], string[]] = [[], []];
  const lineTo = (lines: string[]) => (...words: unknown[]) => void lines.push(`${words.join(' ')}\n`);
  const textTo = (lines: string[]) => (text: unknown) => (lines.push(String(text)), true);
  const spies = [
    vi.spyOn(console, 'log').mockImplementation(lineTo(out)),
    vi.spyOn(console, 'error').mockImplementation(lineTo(err)),
    vi.spyOn(process.stdout, 'write').mockImplementation(textTo(out)),
    vi.spyOn(process.stderr, 'write').mockImplementation(textTo(err)),
  ];
  try {
    return { code: await run(args), stdout: out.join(''), stderr: err.join('') };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}
