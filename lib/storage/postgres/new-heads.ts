import type { PlanTexts } from '../rows/plan-texts.js';
import type { NewSaga } from '../saga-changes.js';
import type { RowSetColumns } from './row-set.js';
import { jsonTextColumn, steady, valueColumn } from './row-set-columns.js';

/** The columns of a head that a new saga brings. Those are steady that sagas of one definition share. */
export const newHeadColumns = (plans: PlanTexts): RowSetColumns<NewSaga> => ({
  id: valueColumn('text', ({ id }) => id),
  name: steady(valueColumn('text', ({ name }) => name)),
  definition_version: steady(valueColumn('int', ({ definitionVersion }) => definitionVersion)),
  status: valueColumn('text', ({ status }) => status),
  worker: valueColumn('text', ({ worker }) => worker),
  plan_hash: steady(valueColumn('text', ({ planHash }) => planHash)),
  plan: steady(jsonTextColumn((saga) => plans.of(saga))),
});
