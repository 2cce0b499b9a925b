const PAGE_BYTES = 4096;
const ZEROS = new Uint8Array(PAGE_BYTES);

/**
 * The bytes of a file, in pages that are never changed once they are there: copies share them, so that a
 * copy of a preallocated file of many megabytes costs next to nothing.
 */
export class PagedBytes {
  /** Whole pages; what is behind `length` is zero. */
  private constructor(
    public length: number,
    private readonly pages: Uint8Array[],
  ) {}

  static of(bytes: Uint8Array): PagedBytes {
    const count = Math.ceil(bytes.byteLength / PAGE_BYTES);
    const whole = new Uint8Array(count * PAGE_BYTES);
    whole.set(bytes);
    const pages = Array.from({ length: count }, (_, n) =>
      whole.subarray(n * PAGE_BYTES, (n + 1) * PAGE_BYTES),
    );
    return new PagedBytes(bytes.byteLength, pages);
  }

  copy(): PagedBytes {
    return new PagedBytes(this.length, this.pages.slice());
  }

  read(start = 0, end = this.length): Uint8Array {
    const bytes = new Uint8Array(end - start);
    for (let at = start; at < end;) {
      const inPage = at % PAGE_BYTES;
      const count = Math.min(PAGE_BYTES - inPage, end - at);
      const page = this.pages[(at - inPage) / PAGE_BYTES]!;
      bytes.set(page.subarray(inPage, inPage + count), at - start);
      at += count;
    }
    return bytes;
  }

  write(offset: number, bytes: Uint8Array): void {
    const end = offset + bytes.byteLength;
    if (end > this.length) this.truncate(end);
    for (let at = offset; at < end;) {
      const inPage = at % PAGE_BYTES;
      const count = Math.min(PAGE_BYTES - inPage, end - at);
      this.changePage((at - inPage) / PAGE_BYTES, (page) =>
        page.set(bytes.subarray(at - offset, at - offset + count), inPage),
      );
      at += count;
    }
  }

  /** Cuts the bytes off behind `length`, or fills up with zeros to it. */
  truncate(length: number): void {
    const count = Math.ceil(length / PAGE_BYTES);
    this.pages.length = Math.min(this.pages.length, count);
    while (this.pages.length < count) this.pages.push(ZEROS);
    const inPage = length % PAGE_BYTES;
    if (length < this.length && inPage > 0) {
      this.changePage(count - 1, (page) => page.fill(0, inPage));
    }
    this.length = length;
  }

  private changePage(index: number, change: (page: Uint8Array) => void): void {
    const page = this.pages[index]!.slice();
    change(page);
    this.pages[index] = page;
  }
}
