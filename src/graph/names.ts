/** What names of nodes and layers say. */

/** `Dropout_12`: a counter, which says nothing. */
export const isCounter = (name: string): boolean => /^[a-z]*[_.-]?\d*$/i.test(name);
