// All forwards of a connection; loaded with the first of them.
export { forwardDynamic } from './forward-dynamic.ts';
export { forwardLocal } from './forward-local.ts';
export { forwardRemote } from './forward-remote.ts';
export { openStream } from './open-stream.ts';
