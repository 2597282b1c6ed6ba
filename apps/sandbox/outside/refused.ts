/** What goes wrong in the outside world and may be told: a status and a text of ours, never a value that was sent. */
export class Refused extends Error {
  override readonly name = 'Refused';

  constructor(
    readonly status: number,
    message: string,
    options: { cause?: unknown } = {},
  ) {
    super(message, options);
  }
}
