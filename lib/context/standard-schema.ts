/**
 * What every validation library that follows Standard Schema v1 (zod, valibot, arktype …) offers. Declared here in its
 * smallest form, after the specification at standardschema.dev, so that this package depends on none of them.
 */
export interface StandardSchema<Input = unknown, Output = Input> {
  /** The name that the specification gives it. */
  readonly '~standard': {
    /** The specification's. */
    readonly version: 1;
    /** The library's name. */
    readonly vendor: string;
    /** Checks a value, at once or as a promise. */
    readonly validate: (value: unknown) => StandardSchemaResult<Output> | PromiseLike<StandardSchemaResult<Output>>;
    /** For the compiler only. */
    readonly types?:
      | {
          /** What is to be checked. */
          readonly input: Input;
          /** What it becomes: the saga's context. */
          readonly output: Output;
        }
      | undefined;
  };
}

/** What a Standard Schema answers: the value, or what is wrong with it. */
export type StandardSchemaResult<Output> =
  | {
      /** With its defaults and transformations. */
      readonly value: Output;
      /** None: the value is right. */
      readonly issues?: undefined;
    }
  | {
      /** At least one. */
      readonly issues: readonly StandardSchemaIssue[];
    };

/** One thing that is wrong, and where. */
export interface StandardSchemaIssue {
  /** What is wrong, for people. */
  readonly message: string;
  /** The way to the property; absent for the value itself. */
  readonly path?:
    | readonly (
        | PropertyKey
        | {
            /** A property's name or index. */
            readonly key: PropertyKey;
          }
      )[]
    | undefined;
}
