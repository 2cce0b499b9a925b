/**
 * What a promise resolves to, where it does so in time; the work itself goes on.
 * @throws Error with `message` where it takes longer
 */
export async function within<T>(
  milliseconds: number,
  message: string,
  work: Promise<T>,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(message)), milliseconds);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
