/** Why an edit cannot be realised. It never leaves the lowering as an exception. */
export class Refusal extends Error {}

export function refuse(reason: string): never {
  throw new Refusal(reason);
}
