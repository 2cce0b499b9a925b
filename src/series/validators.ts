import { IsDefined, Matches, ValidateIf } from 'class-validator';

/** May be left out, but is not null: an update leaves what is not given and empties what is null. */
export function IfGiven(): PropertyDecorator {
  return (target, property) => {
    ValidateIf((_, value) => value !== undefined)(target, property);
    IsDefined({ message: `${String(property)} must not be null` })(target, property);
  };
}

/** Not of spaces alone. The empty text passes: its length is told by the rule of lengths, once. */
export function NotBlank(): PropertyDecorator {
  return Matches(/^$|\S/, { message: '$property must have a character that is not a space' });
}
