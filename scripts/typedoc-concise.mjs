import { Converter, ReflectionKind } from 'typedoc';

/**
 * Omits from the API reference what has been said already: members that a class inherits (every error has those of
 * `SshError`), and the constructors of classes that only the library creates.
 *
 * @param {import('typedoc').Application} app
 */
export function load(app) {
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, (context) => {
    const all = Object.values(context.project.reflections);
    for (const reflection of all) {
      const isInherited = reflection.inheritedFrom !== undefined;
      const isConstructor = reflection.kindOf(ReflectionKind.Constructor);
      if (isInherited || isConstructor) context.project.removeReflection(reflection);
    }
  });
}
