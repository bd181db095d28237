/** The commands, and what a user sees of an error. */
import { Command, CommanderError } from 'commander';
import { UnreadableError } from '../formats/document.js';
import { ConfigurationError } from '../lint/configuration-error.js';
import { explainCommand } from './explain.js';
import { lintCommand } from './lint.js';
import { packageJson } from './package.js';
import { printCommand } from './print.js';
import { rulesCommand } from './rules.js';

/** Runs one command line and returns the exit code. Never rejects. */
export async function run(args: readonly string[]): Promise<number> {
  let exitCode = 0;
  const program = new Command('droplint')
    .description('Finds, fixes and proves misplaced dropout in neural-network architectures.')
    .version(packageJson().version)
    .showSuggestionAfterError()
    .exitOverride()
    // Choices and defaults stand in the descriptions, where they are short.
    .configureHelp({ optionDescription: ({ description }) => description })
    .helpCommand(false);
  lintCommand(program, args, (code) => (exitCode = code));
  for (const command of [rulesCommand(), explainCommand(), printCommand()]) program.addCommand(command.copyInheritedSettings(program));
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    exitCode = complain(error);
  }
  return exitCode;
}

/** Says what is wrong, without a stack trace. Returns the exit code. */
function complain(error: unknown): number {
  // commander has printed the message already; help and version are no errors.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof ConfigurationError || error instanceof UnreadableError) console.error(`droplint: ${error.message}`);
  else {
    console.error(`droplint: ${error instanceof Error ? error.message : String(error)}`);
    console.error('This is a fault of droplint itself. DROPLINT_DEBUG=1 shows where it happened.');
    if (process.env.DROPLINT_DEBUG) console.error(error);
  }
  return 2;
}
