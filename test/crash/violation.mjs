/** The service broke its promise; everything else that is thrown is a fault of the test. */
export class Violation extends Error {
  name = 'Violation';

  /** @param details what was expected and seen, a line each */
  constructor(message, details = []) {
    super(message);
    this.details = details;
  }
}
