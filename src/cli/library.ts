// The one door to the library: the program uses what every user can import, and nothing else.
export * from '../index.ts';
