import { ValidateIf, IsDefined } from 'class-validator';

/** May be left out, but is not null: an update leaves what is not given and empties what is null. */
export function IfGiven(): PropertyDecorator {
  return (target, property) => {
    ValidateIf((_, value) => value !== undefined)(target, property);
    IsDefined({ message: `${String(property)} must not be null` })(target, property);
  };
}
