/**
 * Preloaded into a measured Node.js process. At its end it says on file descriptor 3 how much memory it took at most,
 * and (Linux) how many bytes it read.
 */
'use strict';
const fs = require('node:fs');

const number = (file, pattern) => {
  try {
    return Number(pattern.exec(fs.readFileSync(file, 'utf8'))[1]);
  } catch {
    return undefined;
  }
};

process.on('exit', () => {
  const readBytes = number('/proc/self/io', /^rchar: (\d+)/m);
  // Linux counts into maxRSS what the parent had when it forked; VmHWM begins with the program itself.
  const kilobytes = number('/proc/self/status', /^VmHWM:\s*(\d+) kB/m) ?? process.resourceUsage().maxRSS;
  fs.writeSync(3, JSON.stringify({ peakBytes: kilobytes * 1024, readBytes }));
});
