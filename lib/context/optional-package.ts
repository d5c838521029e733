/** The part of class-transformer that contexts need. Structural, so that its types are needed by nobody. */
export interface ClassTransformer {
  instanceToPlain(value: object, options: object): unknown;
  plainToInstance(type: unknown, plain: object, options: object): object;
}

/** The part of class-validator that contexts need. */
export interface ClassValidator {
  validate(value: object, options: object): Promise<readonly ClassValidationError[]>;
  getMetadataStorage(): {
    getTargetValidationMetadatas(
      type: unknown,
      schema: string,
      always: boolean,
      strictGroups: boolean,
    ): readonly object[];
  };
}

/** What class-validator says about one property. */
export interface ClassValidationError {
  readonly property: string;
  readonly constraints?: Readonly<Record<string, string>>;
  readonly children?: readonly ClassValidationError[];
}

/** Loads class-transformer, or gives `undefined` where the application does not have it. */
export function loadClassTransformer(): Promise<ClassTransformer | undefined> {
  return loadIfInstalled(async () => (await import('class-transformer')) as ClassTransformer);
}

/** Loads class-validator, or gives `undefined` where the application does not have it. */
export function loadClassValidator(): Promise<ClassValidator | undefined> {
  return loadIfInstalled(async () => (await import('class-validator')) as ClassValidator);
}

/** A package that is there and cannot be loaded is a fault to be seen, not one to be passed over. */
async function loadIfInstalled<T>(load: () => Promise<T>): Promise<T | undefined> {
  try {
    return await load();
  } catch (error) {
    const code = (error as { code?: unknown } | undefined)?.code;
    if (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}
