/** A member that is there only when it has a value: an explicit `undefined` is not the same as none. */
export function defined<Name extends string, T>(name: Name, value: T | undefined): { [key in Name]?: T } {
  return (value === undefined ? {} : { [name]: value }) as { [key in Name]?: T };
}
