import type { ContextProblem } from '../errors/invalid-saga-context-error.js';
import type { ClassValidationError } from './optional-package.js';
import { formatPath, type PathKey } from './property-path.js';
import type { StandardSchemaIssue } from './standard-schema.js';

/** Flattens what class-validator reports as a tree: one problem for each rule that is broken. */
export function problemsOfValidation(
  errors: readonly ClassValidationError[],
  parents: readonly PathKey[] = [],
): ContextProblem[] {
  return errors.flatMap(({ property, constraints = {}, children = [] }) => {
    const keys = [...parents, toKey(property)];
    const path = formatPath('', keys);
    const broken = Object.values(constraints).map((message) => ({ path, message: named(message, property, path) }));
    return [...broken, ...problemsOfValidation(children, keys)];
  });
}

/** Problems as a Standard Schema reports them. */
export function problemsOfIssues(issues: readonly StandardSchemaIssue[]): ContextProblem[] {
  return issues.map(({ path = [], message }) => {
    const keys = path.map((segment) => (typeof segment === 'object' ? segment.key : segment));
    return {
      path: formatPath(
        '',
        keys.map((key) => (typeof key === 'number' ? key : toKey(String(key)))),
      ),
      message,
    };
  });
}

/** class-validator and some schemas name the items of arrays by text. */
function toKey(property: string): PathKey {
  return /^\d+$/.test(property) ? Number(property) : property;
}

/** class-validator's messages begin with the bare property name; the whole path says which one it is. */
function named(message: string, property: string, path: string): string {
  return message.startsWith(`${property} `) ? `${path}${message.slice(property.length)}` : message;
}
