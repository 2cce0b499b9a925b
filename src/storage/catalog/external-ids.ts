/** Which slots have an external id. Sources choose theirs independently, so now and then some are equal. */
export class ExternalIds {
  private readonly owners = new Map<string, number | number[]>();

  slots(externalId: string): readonly number[] {
    const owners = this.owners.get(externalId);
    if (owners === undefined) return [];
    return typeof owners === 'number' ? [owners] : owners;
  }

  /** The slots of each external id that several series have. */
  *shared(): Iterable<readonly number[]> {
    for (const owners of this.owners.values()) if (typeof owners !== 'number') yield owners;
  }

  add(externalId: string, slot: number): void {
    const owners = this.owners.get(externalId);
    if (owners === undefined) this.owners.set(externalId, slot);
    else if (typeof owners === 'number') this.owners.set(externalId, [owners, slot]);
    else owners.push(slot);
  }

  remove(externalId: string, slot: number): void {
    const left = this.slots(externalId).filter((other) => other !== slot);
    if (left.length === 0) this.owners.delete(externalId);
    else this.owners.set(externalId, left.length === 1 ? left[0]! : left);
  }
}
