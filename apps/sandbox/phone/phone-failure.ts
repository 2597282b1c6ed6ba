/** Why the phone could not go on; the text is for the person who holds it. */
export class PhoneFailure extends Error {
  override readonly name = 'PhoneFailure';

  /** @param registryStatus what the registry answered, if it did; the message is then the registry's own */
  constructor(
    message: string,
    readonly registryStatus?: number,
    options: { cause?: unknown } = {},
  ) {
    super(message, options);
  }
}
