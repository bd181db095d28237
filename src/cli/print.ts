/** `droplint print`: the architecture graph as text, as the rules see it. */
import { Command } from 'commander';
import { readDocument } from '../formats/registry.js';
import { printGraph } from '../graph/print.js';
import { examplesText } from './examples.js';

export function printCommand(): Command {
  return new Command('print')
    .description('print the architecture graph of a model')
    .argument('<model>', 'a file')
    .option('--plain', 'without numbers, so that a new layer changes its own lines alone')
    .addHelpText('after', `\n${examplesText('print')}`)
    .action(async (file: string, { plain }: { plain?: boolean }) => {
      const { models } = await readDocument(file);
      const graphs = models.flatMap(({ variants }) => variants.flat());
      console.log(graphs.map((graph) => printGraph(graph, { numbers: !plain })).join('\n\n'));
    });
}
