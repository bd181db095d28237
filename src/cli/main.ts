#!/usr/bin/env node
import { run } from './program.js';

// A reader that has seen enough (`droplint … | head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

process.exitCode = await run(process.argv.slice(2));
