import pc from 'picocolors';

/** Colours on a terminal that has them, unless NO_COLOR says no (https://no-color.org); elsewhere only where FORCE_COLOR asks for them. */
export const colors = pc.createColors(process.stdout.isTTY ? process.stdout.hasColors() : !process.env.NO_COLOR && !['', '0', 'false'].includes(process.env.FORCE_COLOR ?? ''));
