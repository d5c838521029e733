/**
 * What a storage can tell of. `written`: the log of these sagas has grown, by a creation, a transition or a claim. `wanted`: these sagas
 * wait for a worker, because an operator's request was stored, they were created `PENDING`, or the lease of their worker was given up.
 */
export type HintTopic = 'written' | 'wanted';

/** Hears that something has happened to these sagas; of an empty list, that it may have happened to any. */
export type HintListener = (sagaIds: readonly string[]) => void;

/** Ends what `SagaStorage.listen` began. Never rejects. */
export type StopListening = () => Promise<void>;
