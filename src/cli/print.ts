/** `droplint print`: the architecture graph as text, as the rules see it. */
import { Command } from 'commander';
import { readDocument } from '../formats/registry.js';
import { printGraph } from '../graph/print.js';

export function printCommand(): Command {
  return new Command('print')
    .description('print the architecture graph of a model')
    .argument('<model>', 'a file')
    .action(async (file: string) => {
      const { models } = await readDocument(file);
      const graphs = models.flatMap(({ variants }) => variants.flat());
      console.log(graphs.map((graph) => printGraph(graph)).join('\n\n'));
    });
}
