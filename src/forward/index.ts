// All forwards of a connection; loaded when the first one is requested.
export { forwardDynamic } from './forward-dynamic.ts';
export { forwardLocal } from './forward-local.ts';
export { forwardRemote } from './forward-remote.ts';
export { openStream } from './open-stream.ts';
