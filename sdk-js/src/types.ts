// The contract of the SDK: what applications may use, and the source of
// dist/index.d.ts. It stands alone: the build wraps this file in a namespace.
// Names and shapes are those of wx.cloud (wx-cloud-api.md 1, 3, 4, 6).

/** Members that every result has. */
export interface Ok {
  /** `<api>:ok`. */
  errMsg: string;
}

/** The error object of every API: a rejection, the argument of `fail`, or thrown. */
export interface CloudError extends Error {
  /** See docs/errors.md; -1 when the cause has no code. */
  errCode: number;
  /** Same as message. */
  errMsg: string;
  requestID?: string;
}

/** Callbacks: with any of them a call is in callback style and returns no promise. */
export interface Callbacks<R> {
  success?: (result: R) => void;
  fail?: (error: CloudError) => void;
  complete?: (resultOrError: R | CloudError) => void;
}

/** Options without callbacks. */
export type Plain<T> = Omit<T, 'success' | 'fail' | 'complete'> & {
  success?: never;
  fail?: never;
  complete?: never;
};

/** Env of one call. */
export interface CallConfig {
  config?: { env?: string };
}

// ---------------------------------------------------------------- the cloud object

/** Options of init. */
export interface InitOptions {
  /** Env id; one per service, if they differ. Without it: the server's default env. */
  env?: string | { database?: string; functions?: string; storage?: string };
  /**
   * Address of the server, such as `https://cloud.example.com`. A page that
   * loaded the SDK from the server needs none; Node takes 127.0.0.1:8787.
   */
  endpoint?: string;
  /** API key: administrator rights. On servers only, never in a client. */
  apiKey?: string;
  /** Accepted, of no effect. */
  traceUser?: boolean;
  /** Milliseconds until a request without an answer fails; 65 000. */
  timeout?: number;
  database?: {
    realtime?: {
      /** Attempts to reconnect a watch; 5. */
      maxReconnect?: number;
      /** Milliseconds between them; 10 000 in browsers, else 5 000. */
      reconnectInterval?: number;
    };
  };
}

/** Options of `new cloud.Cloud(…)`: what is not given comes from the first cloud object's init. */
export interface CloudOptions {
  resourceEnv?: string;
  resourceAppid?: string;
  traceUser?: boolean;
  endpoint?: string;
  /** No sign-in: calls carry no user. */
  identityless?: boolean;
}

/** wx.cloud for a self-hosted server. Everything but init needs init first. */
export interface CloudAPI {
  callFunction(options: Plain<CallFunctionOptions>): Promise<CallFunctionResult>;
  callFunction(options: CallFunctionOptions): void;
  uploadFile(options: Plain<UploadFileOptions>): Promise<UploadFileResult>;
  uploadFile(options: UploadFileOptions): UploadTask;
  downloadFile(options: Plain<DownloadFileOptions>): Promise<DownloadFileResult>;
  downloadFile(options: DownloadFileOptions): DownloadTask;
  getTempFileURL(options: Plain<GetTempFileURLOptions>): Promise<GetTempFileURLResult>;
  getTempFileURL(options: GetTempFileURLOptions): void;
  deleteFile(options: Plain<DeleteFileOptions>): Promise<DeleteFileResult>;
  deleteFile(options: DeleteFileOptions): void;
  database(config?: { env?: string }): Database;
}

/** The cloud object. */
export interface Cloud extends CloudAPI {
  /** Only the first call counts. */
  init(config?: InitOptions): void;
  Cloud: new (options: CloudOptions) => CloudInstance;
  /** Not supported in self-hosting: fails. */
  callContainer(options: object): Promise<never>;
  /** Not supported in self-hosting: fails. */
  connectContainer(options: object): Promise<never>;
  /** Not supported in self-hosting: fails. */
  callHTTPFunction(options: object): Promise<never>;
}

/** A second env. */
export interface CloudInstance extends CloudAPI {
  init(config?: InitOptions): Promise<void>;
}

// ---------------------------------------------------------------- functions and files

export interface CallFunctionOptions extends CallConfig, Callbacks<CallFunctionResult> {
  name: string;
  /** Any JSON value; becomes the function's event. At most 5 MB. */
  data?: Record<string, any>;
  /** Accepted, of no effect. */
  slow?: boolean;
}

export interface CallFunctionResult extends Ok {
  /** What `exports.main` returned, as JSON; undefined when it returned nothing. */
  result: any;
  requestID: string;
}

export interface UploadFileOptions extends CallConfig, Callbacks<UploadFileResult> {
  /** Path in the env's bucket, without a leading `/`. */
  cloudPath: string;
  /** Local path in a mini program and in Node; a File or Blob in a browser. */
  filePath?: unknown;
  /** Bytes instead of a path: Buffer or stream in Node, Blob or ArrayBuffer in a browser. */
  fileContent?: unknown;
  header?: Record<string, string>;
}

export interface UploadFileResult extends Ok {
  fileID: string;
  statusCode: number;
}

export interface DownloadFileOptions extends CallConfig, Callbacks<DownloadFileResult> {
  fileID: string;
}

export interface DownloadFileResult extends Ok {
  /** Local path; an object URL in a browser. */
  tempFilePath: string;
  statusCode: number;
}

export interface GetTempFileURLOptions extends CallConfig, Callbacks<GetTempFileURLResult> {
  /** 1 to 50 files; maxAge in seconds. */
  fileList: (string | { fileID: string; maxAge?: number })[];
}

export interface GetTempFileURLResult extends Ok {
  /** In the order asked for. Check each status: 0 is success. */
  fileList: TempFileURLItem[];
}

export interface TempFileURLItem {
  fileID: string;
  tempFileURL: string;
  /** Seconds; absent when the file could not be found. */
  maxAge: number;
  status: number;
  errMsg: string;
}

export interface DeleteFileOptions extends CallConfig, Callbacks<DeleteFileResult> {
  /** 1 to 50 files. */
  fileList: string[];
}

export interface DeleteFileResult extends Ok {
  /** In the order asked for. Check each status: 0 is deleted. */
  fileList: { fileID: string; status: number; errMsg: string }[];
}

/** A transfer under way: what callback style returns. */
export interface TransferTask<P> {
  /** Cancels; the call fails with `abort`. */
  abort(): void;
  onProgressUpdate(listener: (progress: P) => void): void;
  offProgressUpdate(listener: (progress: P) => void): void;
  onHeadersReceived(listener: (result: { header: Record<string, string> }) => void): void;
  offHeadersReceived(listener: (result: { header: Record<string, string> }) => void): void;
}

export type UploadTask = TransferTask<{
  progress: number;
  totalBytesSent: number;
  totalBytesExpectedToSend: number;
}>;

export type DownloadTask = TransferTask<{
  progress: number;
  totalBytesWritten: number;
  totalBytesExpectedToWrite: number;
}>;

// ---------------------------------------------------------------- database

export type DocumentId = string | number;

/** A document as it is read. */
export interface Document {
  _id: DocumentId;
  [field: string]: any;
}

export interface Database {
  readonly config: Readonly<Record<string, unknown>>;
  readonly command: Command;
  readonly Geo: Geo;
  readonly RegExp: RegExpConstructor;
  /** The server's time, shifted by offset milliseconds; with or without new. */
  serverDate(options?: { offset?: number }): ServerDate;
  collection(name: string): Collection;
  /** Needs an API key. */
  createCollection(name: string): Promise<Ok>;
  /** Needs an API key. The transaction must be committed or rolled back within 30 seconds. */
  startTransaction(): Promise<Transaction>;
  /**
   * Needs an API key. Commits when the callback resolves; after a conflict with
   * other writes it is run again, 3 times in all unless told otherwise.
   */
  runTransaction<R>(callback: (transaction: Transaction) => R | Promise<R>, times?: number): Promise<R>;
}

/** Several operations that happen together or not at all. */
export interface Transaction {
  /** The collection inside the transaction; it cannot be watched. */
  collection(name: string): Collection;
  /** Not inside of runTransaction, which commits by itself. */
  commit(): Promise<Ok>;
  /** Undoes everything; runTransaction then fails with exactly this reason. */
  rollback(reason?: unknown): Promise<Ok>;
}

/** A builder: every method but the last of a chain returns a new query. */
export interface Query {
  /** Several conditions are joined with and. */
  where(condition: object): Query;
  orderBy(field: string, direction: 'asc' | 'desc' | (string & {})): Query;
  /** 20 on a client, 1000 with an API key, at most. */
  limit(max: number): Query;
  skip(count: number): Query;
  field(projection: object): Query;
  get(): Promise<{ data: Document[] } & Ok>;
  get(callbacks: Callbacks<{ data: Document[] } & Ok>): void;
  count(): Promise<{ total: number } & Ok>;
  count(callbacks: Callbacks<{ total: number } & Ok>): void;
  update(options: Plain<UpdateOptions>): Promise<UpdateResult>;
  update(options: UpdateOptions): void;
  remove(options?: Plain<RemoveOptions>): Promise<RemoveResult>;
  remove(options: RemoveOptions): void;
  watch(handlers: WatchHandlers): Watcher;
}

export interface Collection extends Query {
  readonly collectionName: string;
  doc(id: DocumentId): DocumentReference;
  add(options: Plain<AddOptions>): Promise<{ _id: DocumentId } & Ok>;
  add(options: AddOptions): void;
  aggregate(): Aggregate;
}

/** Stages of an aggregation, in order; every method returns a new builder. */
export interface Stages<Self> {
  addFields(fields: object): Self;
  bucket(spec: object): Self;
  bucketAuto(spec: object): Self;
  collStats(spec?: object): Self;
  count(name: string): Self;
  facet(pipelines: object): Self;
  geoNear(spec: object): Self;
  graphLookup(spec: object): Self;
  group(spec: object): Self;
  indexStats(): Self;
  limit(count: number): Self;
  /** A join, by fields or by a pipeline (`db.command.aggregate.pipeline()…done()`). */
  lookup(spec: object): Self;
  /** Conditions as in where; the expressions of aggregations only in `_.expr`. */
  match(condition: object): Self;
  out(collection: string): Self;
  project(projection: object): Self;
  redact(expression: unknown): Self;
  replaceRoot(spec: object): Self;
  /** The number of documents, or `{size}`. */
  sample(size: number | object): Self;
  skip(count: number): Self;
  sort(order: object): Self;
  sortByCount(expression: unknown): Self;
  unwind(spec: string | object): Self;
}

export interface Aggregate extends Stages<Aggregate> {
  /** On a client at most 20 documents, unless a limit stage asks for more. */
  end(): Promise<{ list: any[] } & Ok>;
  end(callbacks: Callbacks<{ list: any[] } & Ok>): void;
}

/** The pipeline of a lookup. */
export interface Pipeline extends Stages<Pipeline> {
  done(): object;
}

export interface DocumentReference {
  /** Changes and returns this reference. */
  field(projection: object): this;
  /** Fails when there is no such document, or none that may be read. */
  get(): Promise<{ data: Document } & Ok>;
  get(callbacks: Callbacks<{ data: Document } & Ok>): void;
  /** Replaces or creates. */
  set(options: Plain<SetOptions>): Promise<SetResult>;
  set(options: SetOptions): void;
  update(options: Plain<UpdateDocumentOptions>): Promise<UpdateResult>;
  update(options: UpdateDocumentOptions): void;
  remove(): Promise<RemoveResult>;
  remove(callbacks: Callbacks<RemoveResult>): void;
  watch(handlers: WatchHandlers): Watcher;
}

export interface AddOptions extends Callbacks<{ _id: DocumentId } & Ok> {
  data: object;
}

export interface SetOptions extends Callbacks<SetResult> {
  data: object;
}

export interface UpdateDocumentOptions extends Callbacks<UpdateResult> {
  data: object;
}

export interface UpdateOptions extends Callbacks<UpdateResult> {
  data: object;
  /** False changes one document only. */
  multi?: boolean;
}

export interface RemoveOptions extends Callbacks<RemoveResult> {
  /** False removes one document only. */
  multi?: boolean;
}

export interface SetResult extends Ok {
  _id: DocumentId;
  stats: { updated: number; created: number };
}

export interface UpdateResult extends Ok {
  stats: { updated: number };
}

export interface RemoveResult extends Ok {
  stats: { removed: number };
}

// ---------------------------------------------------------------- watch

export interface WatchHandlers {
  onChange: (snapshot: Snapshot) => void;
  /** The watch is over. */
  onError: (error: any) => void;
}

export interface Watcher {
  close(): Promise<void>;
}

export interface Snapshot {
  id: number;
  /** The whole result, in order. */
  docs: Document[];
  docChanges: ChangeEvent[];
  /** Only when the whole result was sent anew. */
  type?: 'init';
}

export interface ChangeEvent {
  id: number;
  queueType: 'init' | 'update' | 'enqueue' | 'dequeue';
  dataType: 'init' | 'update' | 'replace' | 'add' | 'remove' | 'limit';
  docId: string;
  doc: Document;
  updatedFields?: Record<string, any>;
  removedFields?: string[];
}

// ---------------------------------------------------------------- commands and values

/** A condition; chaining joins with and. */
export interface QueryCommand extends QueryOperators {
  and(...conditions: unknown[]): QueryCommand;
  or(...conditions: unknown[]): QueryCommand;
  nor(...conditions: unknown[]): QueryCommand;
  not(condition: unknown): QueryCommand;
}

/** A change of one field, for update. */
export interface UpdateCommand {
  readonly operator: string;
}

/** A projection of one field, for field. */
export interface ProjectionCommand {
  readonly operator: string;
}

export interface QueryOperators {
  eq(value: unknown): QueryCommand;
  neq(value: unknown): QueryCommand;
  gt(value: unknown): QueryCommand;
  gte(value: unknown): QueryCommand;
  lt(value: unknown): QueryCommand;
  lte(value: unknown): QueryCommand;
  in(values: unknown[]): QueryCommand;
  nin(values: unknown[]): QueryCommand;
  exists(present?: boolean): QueryCommand;
  mod(divisor: number | [number, number], remainder?: number): QueryCommand;
  all(values: unknown[]): QueryCommand;
  elemMatch(condition: unknown): QueryCommand;
  size(length: number): QueryCommand;
  /** Distances in metres. */
  geoNear(options: { geometry: GeoPoint; maxDistance?: number; minDistance?: number }): QueryCommand;
  /** Radius in radians. */
  geoWithin(
    options:
      { geometry: GeoPolygon | GeoMultiPolygon } | { centerSphere: [GeoPoint | [number, number], number] },
  ): QueryCommand;
  geoIntersects(options: { geometry: GeoShape }): QueryCommand;
}

export interface Command extends QueryOperators {
  /** A whole condition: an expression of aggregations that must be true. */
  expr(expression: unknown): QueryCommand;
  /** A whole condition. */
  jsonSchema(schema: unknown): QueryCommand;
  /** A whole condition: words in the fields of the collection's text index. */
  text(
    options:
      string | { search: string; language?: string; caseSensitive?: boolean; diacriticSensitive?: boolean },
  ): QueryCommand;
  and(...conditions: unknown[]): QueryCommand;
  or(...conditions: unknown[]): QueryCommand;
  nor(...conditions: unknown[]): QueryCommand;
  not(condition: unknown): QueryCommand;

  set(value: unknown): UpdateCommand;
  remove(): UpdateCommand;
  inc(value: number): UpdateCommand;
  mul(value: number): UpdateCommand;
  min(value: unknown): UpdateCommand;
  max(value: unknown): UpdateCommand;
  rename(path: string): UpdateCommand;
  bit(operation: unknown): UpdateCommand;
  push(...values: unknown[]): UpdateCommand;
  unshift(...values: unknown[]): UpdateCommand;
  pop(): UpdateCommand;
  shift(): UpdateCommand;
  pull(condition: unknown): UpdateCommand;
  pullAll(values: unknown): UpdateCommand;
  addToSet(value: unknown): UpdateCommand;

  project: {
    slice(range: number | [number, number]): ProjectionCommand;
    elemMatch(condition: unknown): ProjectionCommand;
  };

  aggregate: AggregateOperators & { pipeline(): Pipeline };
}

/** An operator with its argument, for the expressions of aggregations. */
export interface AggregateCommand {
  readonly operator: string;
}

/** `$`: one function for each operator of expressions; an argument is an expression or a list of them. */
export type AggregateOperators = Record<AggregateOperator, (argument: any) => AggregateCommand>;

export type AggregateOperator =
  | 'abs'
  | 'add'
  | 'addToSet'
  | 'allElementsTrue'
  | 'and'
  | 'anyElementTrue'
  | 'arrayElemAt'
  | 'arrayToObject'
  | 'avg'
  | 'ceil'
  | 'cmp'
  | 'concat'
  | 'concatArrays'
  | 'cond'
  | 'convert'
  | 'dateFromParts'
  | 'dateFromString'
  | 'dateToParts'
  | 'dateToString'
  | 'dayOfMonth'
  | 'dayOfWeek'
  | 'dayOfYear'
  | 'divide'
  | 'eq'
  | 'exp'
  | 'filter'
  | 'first'
  | 'floor'
  | 'gt'
  | 'gte'
  | 'hour'
  | 'ifNull'
  | 'in'
  | 'indexOfArray'
  | 'indexOfBytes'
  | 'indexOfCP'
  | 'isArray'
  | 'isoDayOfWeek'
  | 'isoWeek'
  | 'isoWeekYear'
  | 'last'
  | 'let'
  | 'literal'
  | 'ln'
  | 'log'
  | 'log10'
  | 'lt'
  | 'lte'
  | 'ltrim'
  | 'map'
  | 'max'
  | 'mergeObjects'
  | 'meta'
  | 'millisecond'
  | 'min'
  | 'minute'
  | 'mod'
  | 'month'
  | 'multiply'
  | 'neq'
  | 'not'
  | 'objectToArray'
  | 'or'
  | 'pow'
  | 'push'
  | 'range'
  | 'reduce'
  | 'reverseArray'
  | 'rtrim'
  | 'second'
  | 'setDifference'
  | 'setEquals'
  | 'setIntersection'
  | 'setIsSubset'
  | 'setUnion'
  | 'size'
  | 'slice'
  | 'split'
  | 'sqrt'
  | 'stdDevPop'
  | 'stdDevSamp'
  | 'strcasecmp'
  | 'strLenBytes'
  | 'strLenCP'
  | 'substr'
  | 'substrBytes'
  | 'substrCP'
  | 'subtract'
  | 'sum'
  | 'switch'
  | 'toBool'
  | 'toDate'
  | 'toDecimal'
  | 'toDouble'
  | 'toInt'
  | 'toLong'
  | 'toLower'
  | 'toObjectId'
  | 'toString'
  | 'toUpper'
  | 'trim'
  | 'trunc'
  | 'type'
  | 'week'
  | 'year'
  | 'zip';

export interface ServerDate {
  readonly options: { readonly offset: number };
}

export interface RegExpConstructor {
  new (options: { regexp: string; options?: string }): DatabaseRegExp;
  (options: { regexp: string; options?: string }): DatabaseRegExp;
}

export interface DatabaseRegExp {
  readonly regexp: string;
  readonly options: string;
}

export interface GeoPoint {
  readonly longitude: number;
  readonly latitude: number;
  /** `{type: 'Point', coordinates: [longitude, latitude]}`. */
  toJSON(): Record<string, any>;
}

export interface GeoMultiPoint {
  readonly points: GeoPoint[];
  toJSON(): { type: 'MultiPoint'; coordinates: [number, number][] };
}

export interface GeoLineString {
  readonly points: GeoPoint[];
  toJSON(): { type: 'LineString'; coordinates: [number, number][] };
}

export interface GeoMultiLineString {
  readonly lines: GeoLineString[];
  toJSON(): { type: 'MultiLineString'; coordinates: [number, number][][] };
}

export interface GeoPolygon {
  readonly lines: GeoLineString[];
  toJSON(): { type: 'Polygon'; coordinates: [number, number][][] };
}

export interface GeoMultiPolygon {
  readonly polygons: GeoPolygon[];
  toJSON(): { type: 'MultiPolygon'; coordinates: [number, number][][][] };
}

export type GeoShape =
  GeoPoint | GeoMultiPoint | GeoLineString | GeoMultiLineString | GeoPolygon | GeoMultiPolygon;

/** A constructor that works with and without new. */
export interface Callable<A extends unknown[], T> {
  new (...args: A): T;
  (...args: A): T;
}

/** Longitude first. GeoJSON objects are accepted, too. */
export interface Geo {
  Point: Callable<
    [longitude: number, latitude: number] | [geojson: { type: 'Point'; coordinates: [number, number] }],
    GeoPoint
  >;
  MultiPoint: Callable<
    [points: GeoPoint[] | { type: 'MultiPoint'; coordinates: [number, number][] }],
    GeoMultiPoint
  >;
  LineString: Callable<
    [points: GeoPoint[] | { type: 'LineString'; coordinates: [number, number][] }],
    GeoLineString
  >;
  MultiLineString: Callable<
    [lines: GeoLineString[] | { type: 'MultiLineString'; coordinates: [number, number][][] }],
    GeoMultiLineString
  >;
  Polygon: Callable<
    [lines: GeoLineString[] | { type: 'Polygon'; coordinates: [number, number][][] }],
    GeoPolygon
  >;
  MultiPolygon: Callable<
    [polygons: GeoPolygon[] | { type: 'MultiPolygon'; coordinates: [number, number][][][] }],
    GeoMultiPolygon
  >;
}
