import { defaultIfEmpty, isObservable } from 'rxjs';
import type { StepArguments } from '../../enhancers/step-arguments.js';
import type { Phase } from '../../storage/log-entry.js';
import type { StepAttempt } from '../step-attempt.js';
import { placesOf, type Call, type EnhancerLayer, type Host } from './enhancer-layer.js';
import { withoutEnhancers } from './enhancer-metadata.js';
import { standIn } from './stand-in.js';

export interface CallParts {
  readonly saga: Host;
  readonly step: Host;
  /** The module's interceptors and what the saga's class has; the pipes of that wait for a step's decorated parameters. */
  readonly sagaLayer: EnhancerLayer;
  /** The application's global enhancers where they are inherited, and what step class and method have. */
  readonly stepLayer: EnhancerLayer;
  readonly phase: Phase;
}

type Handler = Partial<Record<Phase, (...args: unknown[]) => unknown>>;

/** One phase of a step with everything around it, or `undefined` where the step does not have it. */
export function buildCall({ saga, step, sagaLayer, stepLayer, phase }: CallParts): Call | undefined {
  const method = (step.instance as Handler)[phase];
  if (method === undefined) return undefined;
  const handler = standIn(enteredHandler({ saga, step, sagaLayer, stepLayer, phase, method }), method);
  const enhanced = stepLayer.around(step, handler);
  const forwarded = withoutEnhancers(standIn((...args: StepArguments<StepAttempt>) => enhanced(...args), method));
  const around = sagaLayer.around(saga, forwarded);
  return around === forwarded ? enhanced : around;
}

type HandlerParts = CallParts & { readonly method: object };

/** The handler itself, watched by the attempt. It is looked up with each call, so that a test's spy is called. */
function enteredHandler({ saga, step, sagaLayer, stepLayer, phase, method }: HandlerParts): Call {
  const handler = step.instance as Required<Handler>;
  const decorated = new Set(placesOf(step, phase));
  if (decorated.size > 0) {
    const parameters = stepLayer.parameters(step, { phase, method, outerPipes: sagaLayer.pipes(saga) });
    return async (...args) => {
      const values = await parameters(...args);
      undecoratedArguments(phase, args).forEach((value, place) => {
        if (!decorated.has(place)) values[place] = value;
      });
      return enter(args[2], () => handler[phase](...values));
    };
  }
  return phase === 'act'
    ? (context, _result, attempt) => enter(attempt, () => handler.act(context, attempt))
    : (context, result, attempt) => enter(attempt, () => handler.compensate(context, result, attempt));
}

/** What the parameters of a handler get that has no decorators on them. */
function undecoratedArguments(phase: Phase, [context, result, attempt]: StepArguments<StepAttempt>): unknown[] {
  return phase === 'act' ? [context, attempt] : [context, result, attempt];
}

/** An observable that emits nothing stands for a handler that returns nothing; RxJS would call it an error. */
function enter(attempt: StepAttempt, handler: () => unknown): unknown {
  const returned = attempt.enter(handler);
  return isObservable(returned) ? returned.pipe(defaultIfEmpty(undefined)) : returned;
}
