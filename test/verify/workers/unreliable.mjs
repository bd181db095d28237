/** A child that does what native code does at its worst; the job's model folder says what. */
process.on('message', ({ model }) => {
  switch (model.folder) {
    case 'crash': process.kill(process.pid, 'SIGSEGV'); break;
    case 'abort': process.abort(); break;
    case 'exit': process.exit(3); break;
    case 'out-of-memory': process.kill(process.pid, 'SIGKILL'); break;
    case 'hang': for (;;);
    case 'throw': process.send({ error: 'no kernel' }); break;
    default: process.send({ result: { outcome: 'ran', outputs: [] } });
  }
});
process.on('disconnect', () => process.exit());
