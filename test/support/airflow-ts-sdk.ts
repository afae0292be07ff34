/**
 * What examples/airflow-1.0 uses of `@apache-airflow/ts-sdk` 1.0, as its sources declare it, in place of the package
 * itself, which was not on npm when this was written. A test says which task is running.
 */
export interface TaskContext {
  readonly dagId: string;
  readonly taskId: string;
  readonly runId: string;
  readonly tryNumber: number;
  readonly mapIndex: number;
  readonly signal: AbortSignal;
}

export interface ConnectionResult {
  id: string;
  type: string;
  host?: string | null;
  schema?: string | null;
  login?: string | null;
  password?: string | null;
  port?: number | null;
  extra?: string | null;
}

export interface TaskClient {
  getVariable(key: string): Promise<string | null>;
  getConnection(id: string): Promise<ConnectionResult | null>;
}

export interface TaskOptions {
  readonly retries?: number;
  /** Seconds. */
  readonly retryDelay?: number;
  readonly emailOnRetry?: boolean;
}

type TaskFunction = (args: never) => unknown;

let running: { context: TaskContext; client: TaskClient } | undefined;

/** For tests: what a coordinator does around a try of a task. */
export async function runTry<T>(
  context: TaskContext,
  client: TaskClient,
  task: () => Promise<T>,
): Promise<T> {
  running = { context, client };
  try {
    return await task();
  } finally {
    running = undefined;
  }
}

function inTask() {
  if (!running) throw new Error('only available inside a task handler');
  return running;
}

export const getContext = (): TaskContext => inTask().context;
export const getClient = (): TaskClient => inTask().client;

export class TaskRef<Result = unknown> {
  declare readonly result?: Result;
  readonly taskId: string;
  readonly upstream: string[] = [];

  constructor(taskId: string) {
    this.taskId = taskId;
  }

  after(...upstream: readonly TaskRef[]): TaskRef<Result> {
    this.upstream.push(...upstream.map(({ taskId }) => taskId));
    return this;
  }
}

type Inputs<Args> = { [Name in keyof Args]: TaskRef<Args[Name]> };

export class Dag {
  readonly dagId: string;
  readonly tasks = new Map<string, TaskOptions>();
  readonly refs: TaskRef[] = [];

  constructor(dagId: string, _spec: { schedule?: string; catchup?: boolean; queue?: string } = {}) {
    this.dagId = dagId;
  }

  task<Args extends object | undefined = undefined, Result = unknown>(
    taskId: string,
    _handler: (args: NonNullable<Args>) => Result | Promise<Result>,
    options: TaskOptions = {},
  ): (...inputs: Args extends object ? [Inputs<Args>] : []) => TaskRef<Result> {
    this.tasks.set(taskId, options);
    return (...[inputs]) => {
      const ref = new TaskRef<Result>(taskId).after(...(Object.values(inputs ?? {}) as TaskRef[]));
      this.refs.push(ref);
      return ref;
    };
  }
}

export class TaskHandler {
  readonly dagId: string;
  readonly taskId: string;

  constructor(dagId: string, taskId: string, _handler: TaskFunction) {
    this.dagId = dagId;
    this.taskId = taskId;
  }
}

export class Bundle {
  readonly registered: (Dag | TaskHandler)[] = [];

  register(...all: (Dag | TaskHandler)[]): void {
    this.registered.push(...all);
  }

  async serve(): Promise<void> {}
}
