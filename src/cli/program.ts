/** The commands, and what a user sees of an error. */
import { Command, CommanderError } from 'commander';
import { UnreadableError } from '../formats/document.js';
import { ConfigurationError } from '../lint/configuration-error.js';
import { packageJson } from '../package.js';

type Load = (args: readonly string[], exit: (code: number) => void) => Promise<Command>;

/** Each is loaded, with all that it works with, when the command line names it or asks for help. */
const COMMANDS: Readonly<Record<string, Load>> = {
  init: async () => (await import('./init.js')).initCommand(),
  rules: async () => (await import('./rules.js')).rulesCommand(),
  explain: async () => (await import('./explain.js')).explainCommand(),
  print: async () => (await import('./print.js')).printCommand(),
  graph: async () => (await import('./graph.js')).graphCommand(),
  diff: async (_, exit) => (await import('./diff.js')).diffCommand(exit),
  rewrite: async (args, exit) => (await import('./rewrite.js')).rewriteCommand(args, exit),
  verify: async (_, exit) => (await import('./verify.js')).verifyCommand(exit),
  schedule: async () => (await import('./schedule.js')).scheduleCommand(),
  'merge-reports': async (_, exit) => (await import('./merge-reports.js')).mergeReportsCommand(exit),
};

/** Runs one command line and returns the exit code. Never rejects. */
export async function run(args: readonly string[]): Promise<number> {
  let exitCode = 0;
  const program = new Command('droplint')
    .description('Finds, fixes and proves misplaced dropout in neural-network architectures.')
    .version(packageJson().version)
    .showSuggestionAfterError()
    .exitOverride()
    // Choices and defaults stand in the descriptions, where they are short.
    .configureHelp({ optionDescription: ({ description }) => description, subcommandTerm: termOf, ...(args.includes('--help-all') && { visibleOptions: ({ options }) => [...options] }) })
    .helpOption('-h, --help', 'this text; --help-all shows all options')
    .usage('[options] [files, folders or globs…]')
    .helpCommand(false)
    // Options of the same name belong to the command that they follow.
    .enablePositionalOptions();
  const exit = (code: number): void => void (exitCode = code);
  if (args.length === 0 || !args.every((argument) => /^(?:-V|--version)$/.test(argument))) (await import('./lint.js')).lintCommand(program, args, exit);
  const asksForHelp = args.some((argument) => /^(?:-h|--help|--help-all)$/.test(argument));
  const commands = await Promise.all(Object.entries(COMMANDS).filter(([name]) => asksForHelp || args.includes(name)).map(([, load]) => load(args, exit)));
  for (const command of commands) program.addCommand(command.copyInheritedSettings(program));
  try {
    await program.parseAsync(args.map((argument) => (argument === '--help-all' ? '--help' : argument)), { from: 'user' });
  } catch (error) {
    exitCode = complain(error);
  }
  return exitCode;
}

const termOf = (command: Command): string =>
  [command.name(), ...command.registeredArguments.map((argument) => (argument.required ? `<${argument.name()}${argument.variadic ? '...' : ''}>` : `[${argument.name()}]`))].join(' ');

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
