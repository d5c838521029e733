import { stepParameter, type StepParameterDecorator } from './step-parameter.js';

/**
 * Gives a parameter of `compensate` what the act returned, or one property of it, through pipes; `undefined` where the
 * act's outcome is not known, and in `act`.
 */
export const StepResult: StepParameterDecorator = stepParameter((context) => context.getResult());
