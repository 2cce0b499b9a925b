// One line per check. A check that fails is told and counted; the others go on.

export class Checks {
  passed = 0;
  failed = 0;

  constructor(tell) {
    this.tell = tell;
  }

  /**
   * @param check throws where the guarantee does not hold; a text that it returns is told
   * @returns whether it holds
   */
  async check(guarantee, check) {
    const began = performance.now();
    try {
      const note = await check();
      this.passed++;
      const passed = ((performance.now() - began) / 1000).toFixed(1);
      this.tell(`  ok    ${guarantee}${note ? ` (${note})` : ''}, ${passed} s`);
      return true;
    } catch (error) {
      this.fail(guarantee, error);
      return false;
    }
  }

  fail(guarantee, error) {
    this.failed++;
    this.tell(`  FAIL  ${guarantee}: ${error.stack ?? error}`);
  }
}
