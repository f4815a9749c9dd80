export { accessOf, permissionsText, securitySchemes } from './access.ts';
export type { Content, Endpoint, Example, Operation, OperationNotes, Parameter, Response, Schema } from './document.ts';
export { checkedSummary, serviceEndpoints } from './endpoints.ts';
export { bodyErrors, errorMeanings, errorRefs, problemResponses, problemSchema } from './problems.ts';
