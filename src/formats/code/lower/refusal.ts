/** Why an edit cannot be made in this text. Thrown inside lowering, returned outside. */
export class Refusal extends Error {}

export function refuse(reason: string): never {
  throw new Refusal(reason);
}
